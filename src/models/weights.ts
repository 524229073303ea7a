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
  /** The checkpoint's tensors that the model has no use for, those left out that are no parameters of any. */
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

/** Tensors that hold no parameters, which checkpoints of old kept beside them. */
const buffers = /(^|\.)(position_ids|attn\.(masked_)?bias|rotary_emb\.inv_freq)$/;

/** The checkpoint's names of those parameters that it holds in their shapes. */
export function findWeights(
  specs: readonly ParameterSpec[],
  tensors: ReadonlyMap<string, TensorInfo>,
  basePrefix: string,
): Map<string, string> {
  const found = specs.map((spec) => [spec, nameIn(tensors, spec, basePrefix)] as const);
  const fits = (spec: ParameterSpec, name: string) => sameShape(tensors.get(name)!.shape, storedShape(spec));
  return new Map(found.flatMap(([spec, name]) => (name !== undefined && fits(spec, name) ? [[spec.name, name]] : [])));
}

/**
 * Finds each parameter among a checkpoint's tensors.
 * @param ignoreMismatchedSizes begin head parameters anew whose shape in the checkpoint is another (other labels)
 * @throws Error in one line that names the parameters of the body that are missing and all that have another shape.
 */
export function planWeights(
  specs: readonly ParameterSpec[],
  tensors: ReadonlyMap<string, TensorInfo>,
  basePrefix: string,
  where: string,
  ignoreMismatchedSizes = false,
): WeightPlan {
  const found = findWeights(specs, tensors, basePrefix);
  const initialized: ParameterSpec[] = [];
  const missing: string[] = [];
  const misshapen: ParameterSpec[] = [];
  for (const spec of specs.filter(({ name }) => !found.has(name))) {
    const name = nameIn(tensors, spec, basePrefix);
    if (spec.head && (name === undefined || ignoreMismatchedSizes)) initialized.push(spec);
    else if (name === undefined) missing.push(spec.name);
    else misshapen.push(spec);
  }
  const complaints = [
    ...(missing.length > 0 ? [`no tensor named ${some(missing, ", ")} (found ${tensors.size} others)`] : []),
    ...(misshapen.length > 0
      ? [
          some(
            misshapen.map((spec) => mismatch(spec, tensors, basePrefix)),
            "; ",
          ),
        ]
      : []),
    ...(misshapen.some(({ head }) => head) ? ["--ignore_mismatched_sizes begins the head anew"] : []),
  ];
  if (complaints.length > 0) throw new Error(`${where}: ${complaints.join("; ")}`);
  const used = new Set(found.values());
  const isExtra = (name: string) => !used.has(name) && !buffers.test(name);
  return { found, initialized, unused: [...tensors.keys()].filter(isExtra) };
}

const nameIn = (tensors: ReadonlyMap<string, TensorInfo>, { name }: ParameterSpec, basePrefix: string) =>
  candidates(name, basePrefix).find((candidate) => tensors.has(candidate));

function mismatch(spec: ParameterSpec, tensors: ReadonlyMap<string, TensorInfo>, basePrefix: string): string {
  const name = nameIn(tensors, spec, basePrefix)!;
  const { shape } = tensors.get(name)!;
  return `tensor ${name} has shape ${formatShape(shape)}, config.json makes it ${formatShape(storedShape(spec))}`;
}

/** How many of many are named. */
const NAMED = 5;

function some(all: readonly string[], separator: string): string {
  const more = all.length - NAMED;
  return `${all.slice(0, NAMED).join(separator)}${more > 0 ? `${separator}and ${more} more` : ""}`;
}
