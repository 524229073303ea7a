/** What a method wants to know before it chooses, gathered from the base model and the training data. */
import { sequentialBatches } from "../data/batches.ts";
import type { EncodedDataset } from "../data/encode.ts";
import { axesOf, cast, mul, sum, unsqueeze } from "../graph/ops.ts";
import { simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import { inputTable, scopeOf } from "../nn/parameters.ts";
import { compose, trainWhole } from "../peft/attachment.ts";
import type { Evidence, EvidenceKind, ModuleNorms } from "../peft/evidence.ts";
import type { Runtime, Tensors } from "../runtime/runtime.ts";
import { random } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { allWeights, type BaseWeights, type HeadedModel } from "./adapt.ts";
import { modelInputs } from "./forward.ts";
import type { TrainingOptions } from "./options.ts";
import { finished, gradientName, trainingStep } from "./step.ts";

/** What evidence is gathered from. */
export interface EvidenceSource {
  /** The base model under its head. */
  readonly base: HeadedModel & BaseWeights;
  /** Where some weights are stored in few bits, one over these. */
  readonly runtime: Runtime;
  readonly train: EncodedDataset;
  readonly options: Pick<TrainingOptions, "objective" | "batchSize" | "padTokenId" | "seed">;
  /** Aborting it rejects with its reason after the batch under way. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Evidence of a kind, by the base model as it is, dropout off, from the first of the training examples in a random order, all of
 * them where there are fewer. The same seed gives the same evidence.
 */
export async function gatherEvidence(kind: EvidenceKind, source: EvidenceSource): Promise<Evidence> {
  const weights = allWeights(source.base);
  if (kind.kind === "weights") return { weights };
  const order = random(source.options.seed, "evidence").permutation(source.train.lengths.length);
  const examples = order.subarray(0, kind.samples);
  return kind.kind === "activations"
    ? { weights, norms: await moduleNorms(source, examples) }
    : { weights, fisher: await empiricalFisher(source, examples, kind.power) };
}

/** Runs a graph over batches of the training data. */
async function overBatches(
  { base, runtime, train, options: { objective, padTokenId, seed }, signal }: EvidenceSource,
  graph: Readonly<Record<string, Value>>,
  batches: Iterable<Int32Array>,
  visit: (results: Tensors) => void,
): Promise<void> {
  const stream = random(seed, "evidence batches");
  const program = await runtime.compile(graph);
  try {
    for (const examples of batches) {
      signal?.throwIfAborted();
      const { feeds } = objective.batch(train, examples, { padTokenId, stream });
      visit(await program.run({ ...base.weights, ...feeds }));
    }
  } finally {
    await program.dispose();
  }
}

/** The 2-norms of every linear module's input and output features over the examples' tokens, padding left out. */
async function moduleNorms(source: EvidenceSource, examples: Int32Array): Promise<Map<string, ModuleNorms>> {
  const { outputs, modules } = squareSums(source.base);
  const totals = new Map(
    Object.entries(outputs).map(([name, { shape }]) => [name, new Float64Array(Number(shape[0]))]),
  );
  const lengths = examples.map((i) => source.train.lengths[i]!);
  const batches = sequentialBatches(lengths, source.options.batchSize).map((batch) => batch.map((i) => examples[i]!));
  await overBatches(source, outputs, batches, (sums) => {
    for (const [name, total] of totals) (sums[name]!.data as Float32Array).forEach((x, i) => (total[i]! += x));
  });
  const normsOf = (name: string) => Float32Array.from(totals.get(name)!, Math.sqrt);
  return new Map(
    [...modules].map(([module, { input, output }]) => [module, { input: normsOf(input), output: normsOf(output) }]),
  );
}

interface SquareSums {
  /** Sums over a batch's tokens of each feature's square, [features]. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Which of them are a module's; modules that read the same share it. */
  readonly modules: ReadonlyMap<string, { readonly input: string; readonly output: string }>;
}

function squareSums({ model, head, labels, specs }: HeadedModel): SquareSums {
  const inputs = modelInputs();
  const isWord = unsqueeze(cast(inputs.attention_mask, "float32"), -1);
  const names = new Map<Value, string>();
  const modules = new Map<string, { input: string; output: string }>();
  const named = (x: Value, name: string) => {
    if (!names.has(x)) names.set(x, name);
    return names.get(x)!;
  };
  const scope = scopeOf(inputTable(specs), {
    linear({ module, use, input, output }) {
      // What is used again reads something else than tokens: embeddings of distances.
      if (use === 1)
        modules.set(module, { input: named(input, `${module} in`), output: named(output, `${module} out`) });
      return output;
    },
  });
  head.forward(scope, model.body(scope, inputs), { labels, inputs });
  // What a head reads of the first token alone has no padding, nor have embeddings of distances.
  const ofTokens = (x: Value) => x.shape.length === 3 && x.shape[1] === isWord.shape[1];
  const squares = (x: Value) => (ofTokens(x) ? mul(mul(x, x), isWord) : mul(x, x));
  const sums = [...names.keys()].map((x) => sum(squares(x), axesOf(x, 1)));
  const values = simplify(sums, finished());
  return { outputs: Object.fromEntries([...names.values()].map((name, i) => [name, values[i]!])), modules };
}

/**
 * The diagonal of the empirical Fisher information (Sung, Nair & Raffel, NeurIPS 2021): of every parameter the sum over examples
 * of the squares, or the magnitudes, of the gradient of that example's loss.
 */
async function empiricalFisher(
  source: EvidenceSource,
  examples: Int32Array,
  power: keyof typeof addPower,
): Promise<Map<string, Float32Array>> {
  const { base, options } = source;
  const attachment = compose(trainWhole(base.specs));
  const step = trainingStep({ ...base, attachment }, options.objective);
  const fisher = new Map(base.specs.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
  const one = Array.from(examples, (i) => Int32Array.of(i));
  await overBatches(source, step, one, (results) => {
    for (const [name, total] of fisher) addPower[power](total, results[gradientName(name)]!.data as Float32Array);
  });
  return fisher;
}

const addPower = {
  square(total: Float32Array, gradient: Float32Array): void {
    for (let i = 0; i < total.length; i++) total[i]! += gradient[i]! * gradient[i]!;
  },
  absolute(total: Float32Array, gradient: Float32Array): void {
    for (let i = 0; i < total.length; i++) total[i]! += Math.abs(gradient[i]!);
  },
};
