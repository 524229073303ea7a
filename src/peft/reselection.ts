/**
 * Which entries of the weights are trained, chosen again and again (Ansell et al. 2024, after RigL, Evci et al., ICML 2020). In a
 * phase of some steps the entries of each matrix with the largest gradients become candidates, and their gradients are summed. At
 * its end the trained entries that have changed least are dropped, and the best candidates are grown in their places.
 *
 * The published code's Adam has an age for each entry. Here a grown entry's moments are what its candidate's gradients average to,
 * as there, but from then on they are corrected by the steps of the whole training.
 */
import { largest, smallest } from "../tensor/largest.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { Dynamics, LiveAdapter, StepMade } from "./dynamics.ts";
import type { TrainedTensor } from "./method.ts";

export interface ReselectionOptions {
  /** Steps from one selection to the next. */
  readonly reselection_steps: number;
  /** In which of these, at first, a selection ends. */
  readonly selection_accumulation_steps: number;
  /** The share of the entries that is exchanged at the beginning of training. */
  readonly reselection_rate: number;
  /** How that share falls to none. */
  readonly reselection_rate_policy: "linear" | "cosine";
}

/** What is left of a rate after a share of the training. */
const policies: { readonly [P in ReselectionOptions["reselection_rate_policy"]]: (done: number) => number } = {
  linear: (done) => 1 - done,
  cosine: (done) => (1 + Math.cos(Math.PI * done)) / 2,
};

/** The candidates of a trained tensor, as many as it has entries. */
interface Candidates {
  /** Their rows, then their columns: float32 has no whole numbers as large as places in a large matrix. */
  readonly places: Tensor<"float32">;
  /** Sums of their gradients, and of the squares of these. */
  readonly gradients: Tensor<"float32">;
  readonly squares: Tensor<"float32">;
}

/** Moves the entries of trained tensors, each of a matrix. */
export function reselection(live: LiveAdapter, parts: readonly TrainedTensor[], options: ReselectionOptions): Dynamics {
  const { reselection_steps: every, selection_accumulation_steps: over, reselection_rate: rate } = options;
  const samples = zeros("float32", [1]);
  const candidates = parts.map(({ shape: [count] }): Candidates => ({
    places: zeros("float32", [2, count!]),
    gradients: zeros("float32", [count!]),
    squares: zeros("float32", [count!]),
  }));
  return {
    state: Object.fromEntries([
      ["samples", samples],
      ...parts.flatMap(({ name }, i) =>
        Object.entries(candidates[i]!).map(([kept, value]) => [`${name}.candidate_${kept}`, value] as const),
      ),
    ]),
    // As in the published code, a phase has a multiple of `every` and the steps that follow; the first begins with step 1.
    async beforeStep({ step, gradients }) {
      if (step % every > over) return;
      const whole = await gradients(parts.map(({ parameter }) => parameter));
      parts.forEach(({ parameter: { shape } }, i) => {
        if (samples.data[0] === 0) nominate(candidates[i]!, whole[i]!, shape[1]!);
        accumulate(candidates[i]!, whole[i]!, shape[1]!);
      });
      samples.data[0]!++;
    },
    afterStep(made) {
      const { step, totalSteps } = made;
      if (step % every !== over) return;
      const share = step === over ? 1 : rate * policies[options.reselection_rate_policy](step / totalSteps);
      parts.forEach((part, i) => exchange(live, part, candidates[i]!, share, samples.data[0]!, made));
      samples.data[0] = 0;
    },
  };
}

/** The entries of a matrix with the largest gradients become candidates. */
function nominate({ places, gradients, squares }: Candidates, gradient: Float32Array, columns: number): void {
  const count = gradients.data.length;
  largest(gradient.map(Math.abs), count).forEach((entry, i) => {
    places.data[i] = Math.floor(entry / columns);
    places.data[count + i] = entry % columns;
  });
  gradients.data.fill(0);
  squares.data.fill(0);
}

const entryAt = ({ places: { data }, gradients }: Candidates, i: number, columns: number): number =>
  data[i]! * columns + data[gradients.data.length + i]!;

function accumulate(candidates: Candidates, gradient: Float32Array, columns: number): void {
  const { gradients, squares } = candidates;
  for (let i = 0; i < gradients.data.length; i++) {
    const g = gradient[entryAt(candidates, i, columns)]!;
    gradients.data[i]! += g;
    squares.data[i]! += g * g;
  }
}

/**
 * Drops a share of a tensor's entries, those that have changed least, and grows as many candidates that are not trained yet, those
 * with the largest sums of gradients. An entry that would be dropped and grown stays as it is.
 */
function exchange(
  live: LiveAdapter,
  { name, parameter }: TrainedTensor,
  candidates: Candidates,
  share: number,
  samples: number,
  { moments, biasCorrection }: StepMade,
): void {
  const { entries, base, moveTo } = live.entries(name);
  const changes = live.view(name).data.map((x, slot) => Math.abs(x - base[slot]!));
  const dropped = new Set(smallest(changes, Math.floor(entries.length * share)));
  const staying = new Set(entries.filter((_, slot) => !dropped.has(slot)));
  const entryOf = (i: number) => entryAt(candidates, i, parameter.shape[1]!);
  const eligible = [...candidates.gradients.data.keys()].filter((i) => !staying.has(entryOf(i)));
  const scores = Float32Array.from(eligible, (i) => Math.abs(candidates.gradients.data[i]!));
  // There are as many candidates as entries, so at least as many that do not stay as are dropped.
  const best = Array.from(largest(scores, dropped.size), (at) => eligible[at]!);

  const returning = new Set(best.map(entryOf));
  const trained = new Set(entries);
  const grown = best.filter((i) => !trained.has(entryOf(i)));
  const freed = [...dropped].filter((slot) => !returning.has(entries[slot]!));
  const moved = entries.slice();
  grown.forEach((i, at) => (moved[freed[at]!] = entryOf(i)));
  moveTo(moved);

  const { mean, square } = moments(name);
  grown.forEach((i, at) => {
    mean[freed[at]!] = (candidates.gradients.data[i]! / samples) * biasCorrection.mean;
    square[freed[at]!] = (candidates.squares.data[i]! / samples) * biasCorrection.square;
  });
}
