/** From the names a checkpoint uses to the names the model uses: what is there under which name, what is missing, what is extra. */
import type { ParameterSpec } from "../nn/parameters.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { type Tensor, transposed } from "../tensor/tensor.ts";

/** What is known of a checkpoint's tensor before it is read. */
export interface TensorInfo {
  readonly shape: readonly number[];
}

export interface WeightPlan {
  /** The checkpoint's name of each parameter that it holds. */
  readonly found: ReadonlyMap<string, string>;
  /** Parameters of the head that begin anew, for the checkpoint has none. */
  readonly initialized: readonly ParameterSpec[];
  /** The checkpoint's tensors that the model has no use for. */
  readonly unused: readonly string[];
}

/**
 * Other names for a parameter: those that checkpoints converted from TensorFlow use for the two vectors of a norm, and those of an
 * encoder-decoder's embeddings, which are one table in several places.
 */
const otherNames: readonly (readonly [RegExp, string])[] = [
  [/\.LayerNorm\.weight$/, ".LayerNorm.gamma"],
  [/\.LayerNorm\.bias$/, ".LayerNorm.beta"],
  [/\bshared\.weight$/, "encoder.embed_tokens.weight"],
  [/\bshared\.weight$/, "decoder.embed_tokens.weight"],
  [/^(model\.)?shared\.weight$/, "lm_head.weight"],
  [/^lm_head\.weight$/, "shared.weight"],
];

/** The shape in which checkpoints hold a parameter. */
export function storedShape({ shape, storedTransposed }: ParameterSpec): readonly number[] {
  return storedTransposed ? shape.toReversed() : shape;
}

/** A parameter as checkpoints hold it, of what the model reads, and the other way round: another array only where the two differ. */
export function turned({ storedTransposed }: ParameterSpec, weight: Tensor<"float32">): Tensor<"float32"> {
  return storedTransposed ? transposed(weight) : weight;
}

/** The names under which a checkpoint may hold `name`: as it is, without the base model's prefix, and each by other names. */
function candidates(name: string, basePrefix: string): string[] {
  const current = name.startsWith(`${basePrefix}.`) ? [name, name.slice(basePrefix.length + 1)] : [name];
  return [
    ...current,
    ...current.flatMap((n) =>
      otherNames.filter(([pattern]) => pattern.test(n)).map(([pattern, old]) => n.replace(pattern, old)),
    ),
  ];
}

/**
 * Finds each parameter among a checkpoint's tensors.
 * @param ignoreMismatchedSizes begin head parameters anew whose shape in the checkpoint is another (other labels)
 * @throws Error in one line when a parameter of the body is missing or any has another shape.
 */
export function planWeights(
  specs: readonly ParameterSpec[],
  tensors: ReadonlyMap<string, TensorInfo>,
  basePrefix: string,
  where: string,
  ignoreMismatchedSizes = false,
): WeightPlan {
  const found = new Map<string, string>();
  const initialized: ParameterSpec[] = [];
  for (const spec of specs) {
    const name = candidates(spec.name, basePrefix).find((candidate) => tensors.has(candidate));
    if (name !== undefined && sameShape(tensors.get(name)!.shape, storedShape(spec))) found.set(spec.name, name);
    else if (spec.head && (name === undefined || ignoreMismatchedSizes)) initialized.push(spec);
    else if (name === undefined)
      throw new Error(`${where}: no tensor named ${spec.name} (found ${tensors.size} others)`);
    else throw mismatch(spec, name, tensors.get(name)!, where);
  }
  const used = new Set(found.values());
  return { found, initialized, unused: [...tensors.keys()].filter((name) => !used.has(name)) };
}

function mismatch(spec: ParameterSpec, name: string, { shape }: TensorInfo, where: string): Error {
  const way = spec.head ? "; --ignore_mismatched_sizes begins the head anew" : "";
  return new Error(
    `${where}: tensor ${name} has shape ${formatShape(shape)}, config.json makes it ${formatShape(storedShape(spec))}${way}`,
  );
}
