/** Graphs compiled and run by ONNX Runtime, whichever build of it (native, web) is handed in. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import type { Value } from "../graph/value.ts";
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
  /** Resident memory of this process; null where it cannot be known. */
  residentBytes(): number | null;
  /**
   * Compiles the graph of `outputs`.
   * @param mapped inputs that are not fed, but lie in files, which are mapped into memory
   */
  compile(outputs: Readonly<Record<string, Value>>, mapped?: ReadonlyMap<string, FileRegion>): Promise<Program>;
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
  residentBytes: () => number | null = () => null,
): Runtime {
  const load = async (model: Uint8Array, settings = options) =>
    createProgram(ort, await ort.InferenceSession.create(model, settings));
  let known: Promise<boolean> | undefined;
  const saturates = () => (known ??= productsSaturate(load));
  return {
    description,
    residentBytes,
    async compile(outputs, mapped = new Map()) {
      const joined = joinNarrow(Object.values(outputs));
      const graph = Object.fromEntries(Object.keys(outputs).map((name, i) => [name, joined[i]!]));
      const table = hasIntegerProducts(joined) && (await saturates()) ? unsignedLowerings : lowerings;
      return load(onnxModel(graph, mapped, table), mapped.size === 0 ? options : withMapping(options));
    },
  };
}

/** As `options`, for a model whose constants lie in files anywhere: they stay there, neither laid out anew nor computed with as it loads. */
function withMapping(options: InferenceSession.SessionOptions): InferenceSession.SessionOptions {
  const { session = {}, ...extra } = (options.extra ?? {}) as Record<string, Record<string, unknown>>;
  return {
    ...options,
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
