/** Graphs compiled and run by ONNX Runtime, whichever build of it (native, web) is handed in. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { joinNarrow } from "../graph/join-narrow.ts";
import { lowerings, unsignedLowerings } from "../onnx/lower/index.ts";
import { onnxModel } from "../onnx/model.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { hasIntegerProducts, productsSaturate } from "./saturation.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Bytes of a file: numbers as they lie in memory, little-endian. */
export interface FileRegion {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** What a graph is compiled with in place of an input that is fed: numbers in a file, which is mapped into memory, or in memory. */
export type Constant = FileRegion | Tensor;

/** A compiled graph: one session that serves every size its named dimensions can take. */
export interface Program {
  /** The names of what must be fed. */
  readonly inputs: readonly string[];
  /**
   * Runs the graph. Fed arrays are read in place, never copied, so what is written into them shows in the next run.
   * @throws Error when an input is not among `feeds`, or ONNX Runtime refuses.
   */
  run(feeds: Tensors): Promise<Record<string, Tensor>>;
  /** Frees the session's memory. */
  dispose(): Promise<void>;
}

export interface Runtime {
  /** Name and version, for the record of a run. */
  readonly description: string;
  /** Whether it computes in a memory of its own: what is fed is copied there at every run, constants once. */
  readonly hasOwnMemory: boolean;
  /** Resident memory of this process; null where it cannot be known. */
  residentBytes(): number | null;
  /**
   * Compiles the graph of `outputs`.
   * @param constants inputs that are not fed, by their names
   */
  compile(outputs: Readonly<Record<string, Value>>, constants?: ReadonlyMap<string, Constant>): Promise<Program>;
}

/** The part of an ONNX Runtime package that is used. */
export interface Ort {
  readonly Tensor: TensorConstructor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
}

/** A runtime over `ort` whose sessions are created with `options`. */
export function createRuntime(
  ort: Ort,
  description: string,
  options: InferenceSession.SessionOptions,
  { residentBytes = () => null, hasOwnMemory = false }: Partial<Pick<Runtime, "residentBytes" | "hasOwnMemory">> = {},
): Runtime {
  const load = async (model: Uint8Array, settings = options) =>
    createProgram(ort, await ort.InferenceSession.create(model, settings));
  let known: Promise<boolean> | undefined;
  const saturates = () => (known ??= productsSaturate(load));
  return {
    description,
    hasOwnMemory,
    residentBytes,
    async compile(outputs, constants = new Map()) {
      const joined = joinNarrow(Object.values(outputs));
      const graph = Object.fromEntries(Object.keys(outputs).map((name, i) => [name, joined[i]!]));
      const table = hasIntegerProducts(joined) && (await saturates()) ? unsignedLowerings : lowerings;
      const placed = placedConstants(constants, joined);
      return load(onnxModel(graph, placed.regions, table), withConstants(options, placed));
    },
  };
}

/** Where constants lie: each in a file, or in a file that is none but by its name. */
interface PlacedConstants {
  readonly regions: ReadonlyMap<string, FileRegion>;
  readonly inMemory: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly isMapping: boolean;
}

/** Of the constants those that `outputs` read. */
function placedConstants(constants: ReadonlyMap<string, Constant>, outputs: readonly Value[]): PlacedConstants {
  const regions = new Map<string, FileRegion>();
  const inMemory: { path: string; data: Uint8Array }[] = [];
  const read = constants.size === 0 ? [] : topological(outputs).filter((value) => isOp(value, "input"));
  for (const {
    attrs: { name },
  } of read) {
    const constant = constants.get(name);
    if (constant === undefined) continue;
    if ("path" in constant) {
      regions.set(name, constant);
      continue;
    }
    const { buffer, byteOffset, byteLength } = constant.data;
    inMemory.push({ path: name, data: new Uint8Array(buffer, byteOffset, byteLength) });
    regions.set(name, { path: name, offset: 0, length: byteLength });
  }
  return { regions, inMemory, isMapping: regions.size > inMemory.length };
}

/** As `options`, for a model with constants. Files may lie anywhere: what they hold is neither laid out anew nor computed with as it loads. */
function withConstants(
  options: InferenceSession.SessionOptions,
  { inMemory, isMapping }: PlacedConstants,
): InferenceSession.SessionOptions {
  const given = inMemory.length === 0 ? options : { ...options, externalData: inMemory };
  if (!isMapping) return given;
  const { session = {}, ...extra } = (options.extra ?? {}) as Record<string, Record<string, unknown>>;
  return {
    ...given,
    extra: {
      ...extra,
      session: { ...session, disable_prepacking: "1", model_external_initializers_file_folder_path: "/" },
      optimization: { disable_specified_optimizers: "ConstantFolding" },
    },
  };
}

function createProgram(ort: Ort, session: InferenceSession): Program {
  const wrapped = new WeakMap<Tensor, OrtTensor>();
  const wrap = (source: Tensor): OrtTensor => {
    const known = wrapped.get(source);
    if (known) return known;
    const made = new ort.Tensor(source.dtype as "float32", source.data as Float32Array, source.shape);
    wrapped.set(source, made);
    return made;
  };
  return {
    inputs: session.inputNames,
    async run(feeds) {
      const wrappedFeeds: Record<string, OrtTensor> = {};
      for (const name of session.inputNames) {
        const fed = feeds[name];
        if (!fed) throw new Error(`run: input ${name} is not fed`);
        wrappedFeeds[name] = wrap(fed);
      }
      const results = await session.run(wrappedFeeds);
      return Object.fromEntries(session.outputNames.map((name) => [name, unwrap(results[name]!)]));
    },
    dispose: () => session.release(),
  };
}

function unwrap({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type as DType, shape: dims, data: data as Float32Array };
}
