/** Rotary position embeddings (Su et al. 2021): queries and keys are turned by angles that grow with their position. */
import { add, cast, cos, exp, log, mul, relu, rotate, sin, sub, unsqueeze, vector } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";

/** Cosines and sines of the angles, each [batch, sequence, pairs]. */
export interface Rotation {
  readonly cos: Value;
  readonly sin: Value;
}

/** How fast each pair of numbers turns, in radians a position. */
export interface RotaryFrequencies {
  readonly inverse: readonly number[];
  /** What cosines and sines are multiplied with; 1 unless given. */
  readonly attentionFactor?: number;
  /** How they slow down where a text is longer than what the model was trained on. */
  readonly slowing?: Slowing;
}

/** Each frequency is multiplied with s to the power of its exponent, s = 1 + factor·(length/trained − 1), beyond `trained` positions. */
export interface Slowing {
  readonly exponents: readonly number[];
  readonly factor: number;
  readonly trained: number;
}

/** base^(−2i/d) for each pair i of d numbers (§3.2.2), rounded as float32 arithmetic rounds it. */
export function inverseFrequencies(d: number, base: number): number[] {
  return Array.from({ length: d / 2 }, (_, i) =>
    Math.fround(1 / Math.fround(Math.fround(base) ** Math.fround((2 * i) / d))),
  );
}

/**
 * The rotation at `positions`, whole numbers [batch, sequence].
 * @param length how many positions there are, a float scalar or [batch, 1, 1], which frequencies that slow down depend on
 */
export function rotation(positions: Value, frequencies: RotaryFrequencies, length?: Value): Rotation {
  const { inverse, attentionFactor = 1, slowing } = frequencies;
  const fixed = vector(inverse);
  const speeds = slowing && length ? mul(fixed, slowed(slowing, length)) : fixed;
  const angles = mul(unsqueeze(cast(positions, "float32"), 2), speeds);
  return { cos: mul(cos(angles), attentionFactor), sin: mul(sin(angles), attentionFactor) };
}

function slowed({ exponents, factor, trained }: Slowing, length: Value): Value {
  const stretch = add(1, mul(factor, relu(sub(mul(length, 1 / trained), 1))));
  return exp(mul(vector(exponents), log(stretch)));
}

/** x [batch, heads, sequence, d], turned. @param interleaved whether neighbours are pairs, rather than the halves of the numbers */
export function rotated(x: Value, { cos, sin }: Rotation, interleaved = false): Value {
  return rotate(x, cos, sin, interleaved);
}
