/** A base model opened once, on which adapters take turns. */
import type { Texts } from "../data/examples.ts";
import { type ComputeOptions, nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import { predict } from "../train/evaluate.ts";
import { liveModel } from "../train/live.ts";
import { baseWeights, type ReadWeights } from "./base.ts";
import type { LoadedModel, OnDownload } from "./loaded.ts";
import { loadModel } from "./open.ts";
import { checkTexts, type Prediction, predictionOf } from "./prediction.ts";
import { encodeFor, openModel } from "./prepare.ts";
import { isLabelled, taskKinds } from "./task-kinds.ts";

const classifierHead = "sequence-classification";

export interface BaseModel {
  /**
   * Keeps an adapter ready under a name; the base model is not read again.
   * @param folder a run folder, the adapter folder of one, or a folder that peft wrote
   * @param task of an adapter that does not know its own, as `openCheckpoint` takes it
   * @throws Error in one line when the adapter does not fit the base model
   */
  load(name: string, folder: string, options?: { readonly task?: string }): Promise<void>;
  /** Forgets an adapter; one that is in use is switched off first. */
  unload(name: string): Promise<void>;
  /** The adapter in use; null where there is none. */
  readonly active: string | null;
  /**
   * Switches to an adapter, or with null to the base model, whose every bit is then what it was.
   * @throws Error when there is no adapter of that name, or the one in use is merged
   */
  use(name: string | null): Promise<void>;
  /** Labels texts or pairs of texts by the adapter in use. @throws Error when there is none. */
  predict(texts: readonly (string | Texts)[]): Promise<Prediction[]>;
  /** Writes the adapter in use into the base weights. @throws Error in one line where its method allows none. */
  merge(): Promise<void>;
  /** Takes it out again, to the last bit. */
  unmerge(): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Opens a base model for adapters that classify. What is asked of it is done in turn: a switch waits for the texts asked before
 * it, and texts asked after it for the switch.
 * @param model folder, hub id, or a bundled model
 * @throws Error in one line when a file of it is missing or does not fit.
 */
export async function openBase(
  model: string,
  {
    revision = "main",
    batchSize = 64,
    onDownload,
    ...compute
  }: { revision?: string; batchSize?: number; onDownload?: OnDownload } & ComputeOptions = {},
): Promise<BaseModel> {
  const opened = await openModel(model, { revision, head: classifierHead, labels: 1 }, onDownload);
  const { weights } = await baseWeights(opened, { init: "pretrained", seed: 0, ignore_mismatched_sizes: true }).finally(
    () => opened.folder.close(),
  );
  const ofBody = opened.specs.filter(({ head }) => !head).map(({ name }) => [name, weights[name]!] as const);
  const body = Object.fromEntries(ofBody);
  const live = liveModel(body, await nativeRuntime(compute));
  const loaded = new Map<string, LoadedModel>();
  // An adapter brings its head; the body is in memory.
  const fromMemory: ReadWeights = async (_, { init }) => {
    if (init !== "pretrained") throw new Error(`${model}: the adapter belongs to random weights, not to this model's`);
    return { weights: body, initialized: [], unused: [] };
  };
  const answer = async (texts: readonly (string | Texts)[]): Promise<Prediction[]> => {
    if (live.active === null) throw new Error("predict: no adapter is in use");
    const { opened: own, task, maxLength } = loaded.get(live.active)!;
    const pairs = texts.map((text): Texts => (typeof text === "string" ? [text] : text));
    checkTexts(pairs, task.textColumns[0]?.length ?? null, task.name);
    const examples = pairs.map((pair, i) => ({ line: i + 1, texts: pair, label: null }));
    const data = encodeFor(own, task, { where: "texts", examples }, maxLength);
    const program = {
      inputs: [],
      run: async (batch: Parameters<typeof live.logits>[0]) => ({ logits: await live.logits(batch) }),
      dispose: live.dispose,
    };
    const rows = await predict(program, {}, data, { batchSize, padTokenId: own.padTokenId });
    return rows.map((row, i) => predictionOf(pairs[i]!, row, task));
  };
  const load = async (name: string, folder: string, task: string | undefined): Promise<void> => {
    const before = live.active;
    // Some formats hold differences from the base weights, which must not be another adapter's meanwhile.
    live.use(null);
    try {
      const read = await loadModel({ model, adapter: folder, revision, task }, onDownload, fromMemory);
      if (!isLabelled(read.task.kind)) throw new Error(`${folder}: ${read.task.name} labels nothing`);
      if (taskKinds[read.task.kind].head !== classifierHead)
        throw new Error(`${folder}: classifies by the words of a prompt, expected an adapter with a classifier's head`);
      live.add(name, adapterOf(read));
      loaded.set(name, read);
    } finally {
      live.use(before);
    }
  };
  const inTurn = createQueue();
  return {
    load: (name, folder, { task } = {}) => inTurn(() => load(name, folder, task)),
    unload: (name) =>
      inTurn(() => {
        live.remove(name);
        loaded.delete(name);
      }),
    get active() {
      return live.active;
    },
    use: (name) => inTurn(() => live.use(name)),
    predict: (texts) => inTurn(() => answer(texts)),
    merge: () => inTurn(live.merge),
    unmerge: () => inTurn(live.unmerge),
    dispose: () => inTurn(live.dispose),
  };
}

/** Does what it is given one after the other, whether what came before went well or not. */
function createQueue(): <T>(work: () => T | Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work, work);
    last = done;
    return done;
  };
}

function adapterOf({ opened, adapter }: LoadedModel) {
  const { model, head, labels, specs } = opened;
  const { method, options, seed, tensors, folder } = adapter!;
  const attachment = method.attach(specs, options, random(seed, "selection"));
  const attached = { model, head, labels, specs, attachment };
  return { attached, tensors, where: folder, unmergeable: method.unmergeable };
}
