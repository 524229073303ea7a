/**
 * Sparse fine-tuning with drop and grow (Ansell et al. 2024, SpIEL, its RigL variant): single entries of each weight are trained, in
 * place, and while they are, those that have changed least make room for others whose gradients are large.
 */
import * as z from "zod";
import { numbersIn, type ParameterSpec } from "../../nn/parameters.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { compose, partOf, trainedParts, trainHead } from "../attachment.ts";
import type { Method, TrainedTensor } from "../method.ts";
import { reselection, type ReselectionOptions } from "../reselection.ts";
import { sample } from "../select.ts";
import { type TargetOptions, targetOptions, targetsOf } from "../targets.ts";

export interface SftOptions extends TargetOptions, ReselectionOptions {
  /** How many entries are trained, as a share of all of the model's parameters. */
  readonly density: number;
}

const options: Method<SftOptions>["options"] = {
  density: z
    .number()
    .gt(0)
    .max(1)
    .default(0.01)
    .describe("entries trained, as a share of all parameters; each targeted matrix has its part of them"),
  reselection_steps: z.int().min(2).default(20).describe("steps from one choice of entries to the next"),
  selection_accumulation_steps: z
    .int()
    .positive()
    .default(5)
    .describe("steps whose gradients are summed to choose new entries by"),
  reselection_rate: z
    .number()
    .min(0)
    .max(1)
    .default(0.2)
    .describe("share of the entries that is exchanged at the beginning, which falls to none; at first all are"),
  reselection_rate_policy: z.enum(["linear", "cosine"]).default("linear").describe("how that share falls"),
  ...targetOptions("all linear modules of the blocks"),
};

export const sft: Method<SftOptions> = {
  name: "sft",
  summary: "entries of each weight matrix, in place, that move to where gradients are large",
  reference: "Ansell et al., 2024 (arXiv 2401.16405)",
  learningRate: 1e-4,
  learningRateSource: "its example for SQuAD",
  options,
  attach(specs, chosen, random) {
    const { reselection_steps: every, selection_accumulation_steps: over } = chosen;
    if (over >= every)
      throw new Error(`selection_accumulation_steps: ${over}, expected fewer than reselection_steps, ${every}`);
    const { choice } = targetsOf(specs, chosen, null);
    const parts = entryCounts(specs, chosen).map(({ weight, count }): TrainedTensor => {
      const entries = Int32Array.from(sample(sizeOf(weight.shape), count, random));
      const part = partOf(`${weight.name}.entries`, weight, { entries });
      return { ...part, moves: true, optimization: { decay: false } };
    });
    return compose(
      { ...trainedParts(parts), ...choice, dynamics: (live) => reselection(live, parts, chosen) },
      trainHead(specs),
    );
  },
};

/**
 * How many entries of each targeted weight are trained: its part, by its size, of the share of all parameters.
 * @throws Error in one line when a weight has none or too few.
 */
export function entryCounts(
  specs: readonly ParameterSpec[],
  chosen: TargetOptions & Pick<SftOptions, "density">,
): { readonly weight: ParameterSpec; readonly count: number }[] {
  const { modules } = targetsOf(specs, chosen, null);
  const weights = modules.map(({ weight }) => weight);
  const budget = Math.floor(chosen.density * numbersIn(specs));
  const targeted = numbersIn(weights);
  return weights.map((weight) => {
    const size = sizeOf(weight.shape);
    const count = Math.floor((budget * size) / targeted);
    if (count < 1 || count > size)
      throw new Error(`density: ${chosen.density} comes to ${count} of the ${size} entries of ${weight.name}`);
    return { weight, count };
  });
}
