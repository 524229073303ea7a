/** The fixture checkpoints with a method attached, and small random data to train them on. */
import type { EncodedDataset } from "../src/data/encode.ts";
import type { HeadName } from "../src/models/architecture.ts";
import { modelOf } from "../src/models/registry.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { type AdaptedModel, adapt, type AttachedModel } from "../src/train/adapt.ts";
import { gatherEvidence } from "../src/train/evidence.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import type { TrainingOptions } from "../src/train/options.ts";
import { fixtureModel } from "./fixtures.ts";

export interface TinyOptions {
  readonly method?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly labels?: number;
  readonly head?: HeadName;
  /** Fields of config.json that are to be others. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The structure of a fixture with a method attached, without its weights. */
export function tinyAttachment(
  name: string,
  {
    method = "rocoft",
    options = {},
    labels = 3,
    head: headName = "sequence-classification",
    config = {},
  }: TinyOptions = {},
): AttachedModel {
  const model = modelOf({ ...fixtureModel(name).config, ...config }, name);
  const head = model.heads[headName]!;
  const specs = parametersOf(model, head, labels);
  const chosen = methodOf(method);
  const attachment = chosen.attach(specs, methodOptions(chosen, options), random(0, "selection"));
  return { model, head, labels, specs, attachment };
}

/**
 * The same with its weights; a head of other sizes than the checkpoint's begins anew. A method that asks for evidence has it of
 * small random data.
 */
export async function tinyModel(name: string, options: TinyOptions = {}): Promise<AdaptedModel> {
  const attached = tinyAttachment(name, options);
  const { model, specs } = attached;
  const { weights } = await loadWeights(model, specs, fixtureModel(name).checkpoint, {
    seed: 0,
    ignoreMismatchedSizes: true,
  });
  const method = methodOf(options.method ?? "rocoft");
  const chosen = methodOptions(method, options.options ?? {});
  const kind = method.evidence?.(chosen) ?? null;
  if (kind === null) return adapt({ ...attached, weights });
  const runtime = await nativeRuntime({ threads: 1 });
  const learner = { runtime, train: tinyData(8), options: { ...tinyTraining, padTokenId: 1 } };
  const evidence = await gatherEvidence(kind, { base: { ...attached, weights }, ...learner });
  const attachment = method.attach(specs, chosen, random(0, "selection"), evidence);
  return adapt({ ...attached, weights, attachment });
}

/** What ends a text, for classifiers that look for it. */
const END = 2;

/** `count` random sequences of 2 to 7 tokens, the last of which ends them; the label depends on the first of them. */
export function tinyData(
  count: number,
  { labels = 3, seed = 0 }: { labels?: number; seed?: number } = {},
): EncodedDataset {
  const stream = random(seed, "tiny data");
  const encodings = Array.from({ length: count }, () => {
    const ids = Int32Array.from({ length: 2 + stream.integer(6) }, () => 3 + stream.integer(30)).fill(END, -1);
    return { ids, typeIds: new Uint8Array(ids.length), removed: 0 };
  });
  return {
    where: "tiny.tsv",
    encodings,
    labels: Float64Array.from(encodings, ({ ids }) => ids[0]! % labels),
    lines: Int32Array.from({ length: count }, (_, i) => i + 2),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    truncated: 0,
  };
}

/** Settings under which a few steps change much. */
export const tinyTraining: TrainingOptions = {
  objective: labelObjectives.classification,
  curriculum: [],
  seed: 0,
  learningRate: 0.01,
  schedule: "constant",
  warmupSteps: 0,
  adamw: {},
  maxGradNorm: 1,
  batchSize: 4,
  gradientAccumulationSteps: 1,
  evalBatchSize: 8,
  epochs: 1,
  maxSteps: null,
  evalSteps: null,
  saveSteps: 1000,
  earlyStoppingPatience: null,
  metrics: ["accuracy"],
  metricForBest: "accuracy",
  padTokenId: 0,
};
