/** How rotary frequencies are changed so that a model reads longer texts than it was first trained on. */
import { inverseFrequencies, type RotaryFrequencies } from "./rotary.ts";

/** What each `rope_type` of config.json needs, under its names. */
export interface RopeScalings {
  default: object;
  linear: { readonly factor: number };
  dynamic: { readonly factor: number };
  llama3: {
    readonly factor: number;
    readonly low_freq_factor: number;
    readonly high_freq_factor: number;
  };
  yarn: {
    /** As many times as long as what the model was first trained on, unless given. */
    readonly factor: number | null;
    readonly attention_factor: number | null;
    readonly mscale: number | null;
    readonly mscale_all_dim: number | null;
    readonly beta_fast: number;
    readonly beta_slow: number;
    readonly truncate: boolean;
  };
}
export type RopeType = keyof RopeScalings;
export type RopeScaling<T extends RopeType = RopeType> = {
  readonly [K in T]: { readonly rope_type: K } & RopeScalings[K];
}[T];

export interface Rope {
  /** How many numbers of a head are turned. */
  readonly d: number;
  readonly base: number;
  /** How long a text the model is made for, and how long those were that it was first trained on. */
  readonly maxPositions: number;
  readonly originalPositions: number;
}

/** The frequencies of a model that its configuration scales. */
export function scaledFrequencies<T extends RopeType>(scaling: RopeScaling<T>, rope: Rope): RotaryFrequencies {
  const scale: Scale<T> = scalings[scaling.rope_type];
  return scale(scaling, rope, inverseFrequencies(rope.d, rope.base));
}

type Scale<T extends RopeType> = (
  scaling: RopeScalings[T],
  rope: Rope,
  inverse: readonly number[],
) => RotaryFrequencies;

const scalings: { readonly [T in RopeType]: Scale<T> } = {
  default: (_, __, inverse) => ({ inverse }),
  /** Positions are closer together (Chen et al. 2023). */
  linear: ({ factor }, _, inverse) => ({ inverse: inverse.map((f) => f / factor) }),
  /** The base grows with the text, so that the slowest pair turns as far as it did in training (NTK-aware scaling, 2023). */
  dynamic: ({ factor }, { d, maxPositions: trained }, inverse) => {
    const exponents = inverse.map((_, i) => (i === 0 ? 0 : (-2 * i) / (d - 2)));
    return { inverse, slowing: { exponents, factor, trained } };
  },
  /** Pairs that turn fast stay, slow ones are interpolated, those between are blended (Grattafiori et al. 2024, LLaMA 3.1's code). */
  llama3: ({ factor, low_freq_factor: low, high_freq_factor: high }, { originalPositions }, inverse) => ({
    inverse: inverse.map((f) => {
      const turns = (originalPositions * f) / (2 * Math.PI);
      return blend(f / factor, f, clamped((turns - low) / (high - low)));
    }),
  }),
  /** Pairs that turn fast stay, slow ones are interpolated, those between are blended by their number (Peng et al. 2024). */
  yarn: (scaling, rope, inverse) => {
    const factor = scaling.factor ?? rope.maxPositions / rope.originalPositions;
    return {
      inverse: inverse.map((f, i) => blend(f, f / factor, yarnRamp(scaling, rope, i))),
      attentionFactor: scaling.attention_factor ?? yarnAttention(factor, scaling),
    };
  },
};

const clamped = (x: number) => Math.min(Math.max(x, 0), 1);
const blend = (a: number, b: number, share: number) => a * (1 - share) + b * share;

/** How far the i-th pair is interpolated, from 0 where it turns `beta_fast` times in training to 1 at `beta_slow` (Peng et al. 2024, §3.2). */
function yarnRamp({ beta_fast: fast, beta_slow: slow, truncate }: RopeScalings["yarn"], rope: Rope, i: number): number {
  const { d, base, originalPositions } = rope;
  const pairThatTurns = (times: number) =>
    (d * Math.log(originalPositions / (times * 2 * Math.PI))) / (2 * Math.log(base));
  const [first, last] = [pairThatTurns(fast), pairThatTurns(slow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, d - 1);
  return clamped((i - low) / (high === low ? 0.001 : high - low));
}

/** What makes up for scores that flatten over longer texts (Peng et al. 2024, §3.3). */
function yarnAttention(factor: number, { mscale, mscale_all_dim: all }: RopeScalings["yarn"]): number {
  const scale = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  return mscale && all ? scale(mscale) / scale(all) : scale(1);
}
