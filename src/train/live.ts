/** A base model in memory once, and any number of adapters that take turns on it. */
import { print } from "../graph/print.ts";
import type { Weights } from "../nn/parameters.ts";
import { type AdapterTensor, checkAdapter } from "../peft/adapter.ts";
import { compose } from "../peft/attachment.ts";
import type { Program, Runtime, Tensors } from "../runtime/runtime.ts";
import { exchange } from "../tensor/exchange.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Selection } from "../tensor/view.ts";
import type { AdaptedModel, AttachedModel } from "./adapt.ts";
import { mergedWeights } from "./merge.ts";
import { forwardPass } from "./step.ts";

/** An adapter as it is read from a file, and the structure it belongs to. */
export interface LiveAdapter {
  readonly attached: AttachedModel;
  readonly tensors: readonly AdapterTensor[];
  /** Its name in errors. */
  readonly where: string;
  /** Why its method cannot be merged; left out where it can. */
  readonly unmergeable?: string | undefined;
}

/** What an adapter is while it is not in use: its own tensors, and the numbers that go into the base model's weights. */
interface Resident extends LiveAdapter {
  /** The model without the method, with the adapter's head. */
  readonly bare: AttachedModel;
  readonly own: Weights;
  readonly parts: readonly Part[];
}
interface Part {
  readonly weight: Tensor<"float32">;
  readonly selection: Selection | null;
  /** The adapter's numbers while it waits, the base model's while it is in use. */
  readonly numbers: Float32Array;
}

export interface LiveModel {
  /**
   * Keeps an adapter ready under a name.
   * @throws Error in one line when it does not fit the base model; nothing is changed then.
   */
  add(name: string, adapter: LiveAdapter): void;
  /** Forgets an adapter; one that is in use is switched off first. */
  remove(name: string): void;
  /**
   * Switches to an adapter, or with null to the base model, whose every bit is then what it was. The base model is not read
   * again: what is trained in place is exchanged, the rest is fed.
   * @throws Error when there is no adapter of that name, the one in use is merged, or a batch is under way
   */
  use(name: string | null): void;
  /** The name of the adapter in use. */
  readonly active: string | null;
  /** Writes the active adapter into the base weights. @throws Error in one line where its method allows none. */
  merge(): Promise<void>;
  /** Undoes a merge, to the last bit. @throws Error when a batch is under way. */
  unmerge(): void;
  /** Logits of a batch by the active adapter. @throws Error when none is active: the base model has no head. */
  logits(batch: Tensors): Promise<Tensor>;
  dispose(): Promise<void>;
}

/**
 * A live model over a base model's weights, which it changes in place and puts back.
 * @param body the base model's parameters, without a head
 */
export function liveModel(body: Weights, runtime: Runtime): LiveModel {
  const adapters = new Map<string, Resident>();
  const programs = createPrograms(runtime);
  let active: string | null = null;
  let merged: readonly Part[] | null = null;
  let running = 0;

  const current = (): Resident => {
    const adapter = active === null ? undefined : adapters.get(active);
    if (!adapter) throw new Error("live model: no adapter is in use");
    return adapter;
  };
  /** The runtime reads the weights while it runs. */
  const refuseWhileRunning = (): void => {
    if (running > 0) throw new Error("live model: a batch is under way, await it before the weights change");
  };
  const use = (name: string | null): void => {
    refuseWhileRunning();
    if (name !== null && !adapters.has(name))
      throw new Error(`live model: no adapter named ${name} (has ${[...adapters.keys()].join(", ") || "none"})`);
    if (merged) throw new Error(`live model: ${active} is merged, unmerge it before switching`);
    if (active !== null) exchangeAll(adapters.get(active)!.parts.toReversed());
    if (name !== null) exchangeAll(adapters.get(name)!.parts);
    active = name;
  };
  return {
    add(name, adapter) {
      if (adapters.has(name)) throw new Error(`live model: there is an adapter named ${name} already`);
      adapters.set(name, settle(adapter, body));
    },
    remove(name) {
      if (active === name) use(null);
      adapters.delete(name);
    },
    use,
    get active() {
      return active;
    },
    async merge() {
      const adapter = current();
      if (adapter.unmergeable !== undefined)
        throw new Error(`live model: ${active} cannot be merged: ${adapter.unmergeable}`);
      if (merged) return;
      running++;
      const weights = await mergedWeights(adaptedOf(adapter, body), runtime).finally(() => running--);
      refuseWhileRunning();
      merged = Object.entries(body).flatMap(([name, weight]) =>
        weights[name] === weight ? [] : [{ weight, selection: null, numbers: weights[name]!.data.slice() }],
      );
      exchangeAll(merged);
    },
    unmerge() {
      refuseWhileRunning();
      if (merged) exchangeAll(merged);
      merged = null;
    },
    async logits(batch) {
      const adapter = current();
      running++;
      try {
        const program = await programs.of(merged ? adapter.bare : adapter.attached);
        const { logits } = await program.run({ ...body, ...adapter.own, ...batch });
        return logits!;
      } finally {
        running--;
      }
    },
    dispose: programs.dispose,
  };
}

/** Forward passes compiled once for all adapters whose graphs are the same, as those of methods that train in place are. */
function createPrograms(runtime: Runtime) {
  const ofModel = new Map<AttachedModel, Promise<Program>>();
  const ofGraph = new Map<string, Promise<Program>>();
  const compiled = (attached: AttachedModel): Promise<Program> => {
    const graph = forwardPass(attached);
    const key = print(Object.values(graph));
    const program = ofGraph.get(key) ?? runtime.compile(graph);
    ofGraph.set(key, program);
    return program;
  };
  return {
    of(attached: AttachedModel): Promise<Program> {
      const program = ofModel.get(attached) ?? compiled(attached);
      ofModel.set(attached, program);
      return program;
    },
    async dispose() {
      for (const program of ofGraph.values()) await (await program).dispose();
      ofGraph.clear();
      ofModel.clear();
    },
  };
}

function exchangeAll(parts: readonly Part[]): void {
  for (const { weight, selection, numbers } of parts) exchange(weight, selection, numbers);
}

/** Sorts an adapter's tensors into its own and those that go into the base model's weights. */
function settle(adapter: LiveAdapter, body: Weights): Resident {
  const { attached, tensors, where } = adapter;
  const mine = [...attached.specs.filter(({ head }) => head), ...attached.attachment.added].map(({ name }) => name);
  const read = new Map(tensors.map(({ name, values }) => [name, values]));
  const own = Object.fromEntries(
    mine.map((name) => {
      const values = read.get(name);
      if (!values) throw new Error(`${where}: no tensor named ${name} (found ${tensors.length} others)`);
      return [name, { ...values, data: values.data.slice() }];
    }),
  );
  const inBody = tensors.filter(({ parameter }) => !Object.hasOwn(own, parameter));
  checkAdapter(inBody, body, where);
  const parts = inBody.map(({ parameter, selection, values }) => ({
    weight: body[parameter]!,
    selection,
    numbers: values.data.slice(),
  }));
  return { ...adapter, bare: withoutMethod(attached), own, parts };
}

function adaptedOf({ attached, own }: Resident, body: Weights): AdaptedModel {
  const weights = { ...body, ...own };
  return { ...attached, weights, stored: new Map(), trained: [], feeds: weights };
}

/** The same model with nothing but the head of its own. */
function withoutMethod(attached: AttachedModel): AttachedModel {
  return { ...attached, attachment: compose() };
}
