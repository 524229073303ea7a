/** Graphs compiled and run by ONNX Runtime, whichever build of it (native, web) is handed in. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import type { Value } from "../graph/value.ts";
import { joinNarrow } from "../graph/join-narrow.ts";
import { onnxModel } from "../onnx/model.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Constant, placedConstants, withConstants } from "./constants.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

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

/** What is known of a graph besides what it computes. */
export interface CompileOptions {
  /** Inputs that are not fed, by their names. */
  readonly constants?: ReadonlyMap<string, Constant>;
  /** Its products are of a row or a few at a time: what is done once for a matrix counts more than what is done for a row. */
  readonly fewRows?: boolean;
}

export interface Runtime {
  /** Name and version, for the record of a run. */
  readonly description: string;
  /** Whether it computes in a memory of its own: what is fed is copied there at every run, constants once. */
  readonly hasOwnMemory: boolean;
  /** Resident memory of this process; null where it cannot be known. */
  residentBytes(): number | null;
  /** Compiles the graph of `outputs`. @throws Error when ONNX Runtime refuses it. */
  compile(outputs: Readonly<Record<string, Value>>, options?: CompileOptions): Promise<Program>;
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
  return {
    description,
    hasOwnMemory,
    residentBytes,
    async compile(outputs, { constants = new Map() } = {}) {
      const joined = joinNarrow(Object.values(outputs));
      const graph = Object.fromEntries(Object.keys(outputs).map((name, i) => [name, joined[i]!]));
      const placed = placedConstants(constants, joined);
      const model = onnxModel(graph, placed.regions);
      const session = await ort.InferenceSession.create(model, withConstants(options, placed));
      return createProgram(ort, session, placed.inMemory);
    },
  };
}

/** @param held what must not be freed before the session is, which may read it in place */
function createProgram(ort: Ort, session: InferenceSession, held: unknown[]): Program {
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
    async dispose() {
      await session.release();
      held.length = 0;
    },
  };
}

function unwrap({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type as DType, shape: dims, data: data as Float32Array };
}
