/**
 * AdaLoRA's budget (Zhang et al., ICLR 2023, §3.2 and §3.3): the singular values of all matrices compete for places that become
 * fewer in the course of training, by how much the loss feels each of them and the vectors that belong to it.
 */
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { Dynamics, LiveAdapter } from "./dynamics.ts";

/** The names of what is trained for a matrix: A [r, in], E [r, 1] and B [out, r]. */
export interface Triplets {
  readonly a: string;
  readonly e: string;
  readonly b: string;
}

/** Under peft's names. */
export interface AllocationOptions {
  /** r, the singular values of each matrix at first. */
  readonly init_r: number;
  /** How many have a place in the end, on average over the matrices. */
  readonly target_r: number;
  /** Steps at the beginning in which all have one. */
  readonly tinit: number;
  /** Steps at the end in which places no longer change hands. */
  readonly tfinal: number;
  /** Steps from one allocation to the next. */
  readonly deltaT: number;
  /** What the running mean of the sensitivity keeps at each step. */
  readonly beta1: number;
  /** What the running mean of its deviation keeps at each step. */
  readonly beta2: number;
}

/** Between which steps the places become fewer, and from how many to how many. */
export interface Budget {
  readonly steps: readonly [from: number, to: number];
  readonly places: readonly [from: number, to: number];
}

/** How many places there are after a step: between the ends a cubic. */
export function placesAt(step: number, { steps: [first, last], places: [from, to] }: Budget): number {
  if (step <= first) return from;
  if (step >= last) return to;
  return Math.floor((from - to) * (1 - (step - first) / (last - first)) ** 3 + to);
}

/**
 * Sets the singular values that get no place to zero. Until the last allocation they may grow again; from then on they stay
 * zero. A training too short for the schedule is an error in one line before its first step.
 */
export function rankAllocation(live: LiveAdapter, matrices: readonly Triplets[], options: AllocationOptions): Dynamics {
  const { init_r: r, target_r, tinit, tfinal, deltaT } = options;
  const names = matrices.flatMap(({ a, e, b }) => [a, e, b]);
  const sensitivities = new Map(names.map((name) => [name, unfelt(live.view(name).shape)]));
  const kept = zeros("float32", [matrices.length, r]);
  kept.data.fill(1);

  const allocate = (places: number) => {
    const scores = matrices.flatMap(({ a, e, b }) =>
      tripletScores(sensitivities.get(a)!, sensitivities.get(e)!, sensitivities.get(b)!),
    );
    const without = scores.length - places;
    const threshold = without > 0 ? scores.toSorted((x, y) => x - y)[without - 1]! : -Infinity;
    // Those that tie with the last one that falls, fall too, as in the official code.
    scores.forEach((score, i) => (kept.data[i] = Number(score > threshold)));
  };
  const clear = () =>
    matrices.forEach(({ e }, m) => {
      const { data } = live.view(e);
      for (let i = 0; i < r; i++) if (kept.data[m * r + i] === 0) data[i] = 0;
    });

  return {
    state: stateOf(sensitivities, kept),
    async beforeStep({ totalSteps }) {
      if (tinit >= totalSteps - tfinal)
        throw new Error(
          `tinit: ${tinit}, expected below the ${totalSteps} steps of the training less tfinal, ${tfinal}`,
        );
    },
    afterStep({ step, totalSteps, gradient }) {
      const last = totalSteps - tfinal;
      if (step < last)
        for (const [name, sensitivity] of sensitivities)
          feel(sensitivity, live.view(name).data, gradient(name), options);
      const isDue = step === last || (step > tinit && step < last && step % deltaT === 0);
      if (isDue)
        allocate(placesAt(step, { steps: [tinit, last], places: [matrices.length * r, matrices.length * target_r] }));
      if (isDue || step > last) clear();
    },
  };
}

/** How much the loss feels each number of a tensor: running means of its sensitivity and of what that deviates from its mean. */
interface Sensitivity {
  readonly mean: Tensor<"float32">;
  readonly deviation: Tensor<"float32">;
}

const unfelt = (shape: readonly number[]): Sensitivity => ({
  mean: zeros("float32", shape),
  deviation: zeros("float32", shape),
});

/** The sensitivity of a number is |w·∂w|, what the loss would change by without it, to first order. */
function feel(
  { mean: { data: mean }, deviation: { data: deviation } }: Sensitivity,
  values: Float32Array,
  gradient: Float32Array,
  { beta1, beta2 }: Pick<AllocationOptions, "beta1" | "beta2">,
): void {
  for (let k = 0; k < values.length; k++) {
    const felt = Math.abs(values[k]! * gradient[k]!);
    const smoothed = beta1 * mean[k]! + (1 - beta1) * felt;
    mean[k] = smoothed;
    deviation[k] = beta2 * deviation[k]! + (1 - beta2) * Math.abs(felt - smoothed);
  }
}

/** The score of each singular value: its own, and the averages of those of its vectors, a row of A and a column of B. */
function tripletScores(a: Sensitivity, e: Sensitivity, b: Sensitivity): number[] {
  const [r, inner] = a.mean.shape as [number, number];
  const out = b.mean.shape[0]!;
  const score = ({ mean, deviation }: Sensitivity, k: number) => mean.data[k]! * deviation.data[k]!;
  return Array.from({ length: r }, (_, i) => {
    let [row, column] = [0, 0];
    for (let j = 0; j < inner; j++) row += score(a, i * inner + j);
    for (let j = 0; j < out; j++) column += score(b, j * r + i);
    return score(e, i) + row / inner + column / out;
  });
}

function stateOf(sensitivities: ReadonlyMap<string, Sensitivity>, kept: Tensor<"float32">): Dynamics["state"] {
  const felt = [...sensitivities].flatMap(([name, { mean, deviation }]) => [
    [`${name}.sensitivity`, mean],
    [`${name}.uncertainty`, deviation],
  ]);
  return { ...Object.fromEntries(felt), "allocation.kept": kept };
}
