/**
 * FISH Mask (Sung, Nair & Raffel, NeurIPS 2021): of all parameters those single entries are trained, in place, that have the most
 * Fisher information about the task's labels; the mask is made once, before training.
 */
import * as z from "zod";
import { numbersIn, type ParameterSpec } from "../../nn/parameters.ts";
import { largestOf } from "../../tensor/largest.ts";
import type { Random } from "../../tensor/random.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { compose, partOf, trainedParts, trainHead } from "../attachment.ts";
import type { Evidence } from "../evidence.ts";
import type { Method } from "../method.ts";
import { sample, selectionStrategies } from "../select.ts";
import { linearModules } from "../targets.ts";

export interface FishMaskOptions {
  /** The share of all parameters that is trained. */
  readonly density: number;
  /** Whether the head, which is trained whole, counts as part of that share. */
  readonly head_in_budget: boolean;
  /** By what entries are chosen: their information, or chance. */
  readonly mask: "fisher" | "random";
  /** How many training examples the information is measured on. */
  readonly fisher_samples: number;
  /** What is summed over those: squares of gradients, or their magnitudes. */
  readonly fisher_power: "square" | "absolute";
}

/** The entries that are trained of each of the body's parameters. @param size of all these together */
type Mask = (
  body: readonly ParameterSpec[],
  size: number,
  count: number,
  random: Random,
  evidence: Evidence | null | undefined,
) => Int32Array[];

const masks: { readonly [M in FishMaskOptions["mask"]]: Mask } = {
  fisher: (body, size, count, random, evidence) =>
    evidence?.fisher
      ? largestOf(
          body.map(({ name }) => evidence.fisher!.get(name)!),
          count,
        )
      : apportion(body, selectionStrategies.uniform(size, count, random)),
  random: (body, size, count, random) => apportion(body, sample(size, count, random)),
};

export const fishMask: Method<FishMaskOptions> = {
  name: "fish_mask",
  summary: "the entries of all parameters with the most Fisher information, in place",
  reference: "Sung et al., NeurIPS 2021",
  learningRate: 5e-5,
  learningRateSource: "its published script for GLUE",
  options: {
    density: z.number().gt(0).max(1).default(0.005).describe("share of all parameters that is trained"),
    head_in_budget: z
      .boolean()
      .default(true)
      .describe("count the head, which is trained whole, as part of that share, as the paper does"),
    mask: z
      .enum(["fisher", "random"])
      .default("fisher")
      .describe("which entries: those with the most Fisher information, or random ones"),
    fisher_samples: z.int().positive().default(1024).describe("training examples that the information is measured on"),
    fisher_power: z
      .enum(["square", "absolute"])
      .default("square")
      .describe("what is summed over them: squares of gradients, or magnitudes"),
  },
  evidence: ({ mask, fisher_samples: samples, fisher_power: power }) =>
    mask === "fisher" ? { kind: "fisher", samples, power } : null,
  attach(specs, chosen, random, evidence) {
    const body = specs.filter(({ head }) => !head);
    const entries = masks[chosen.mask](body, numbersIn(body), maskSize(specs, chosen), random, evidence);
    const parts = body.flatMap((parameter, i) => {
      const part = partOf(`${parameter.name}.entries`, parameter, { entries: entries[i]! });
      return part.count > 0 ? [{ ...part, optimization: { decay: false } }] : [];
    });
    const chosenOf = new Set(parts.map(({ parameter }) => parameter));
    const names = (isTarget: boolean) =>
      linearModules(specs).flatMap(({ name, weight }) => (chosenOf.has(weight) === isTarget ? [name] : []));
    return compose({ ...trainedParts(parts), targets: names(true), untouched: names(false) }, trainHead(specs));
  },
};

/**
 * How many entries of the body the share leaves to the mask.
 * @throws Error in one line when it leaves none.
 */
export function maskSize(
  specs: readonly ParameterSpec[],
  { density, head_in_budget: isIn }: Pick<FishMaskOptions, "density" | "head_in_budget">,
): number {
  const head = numbersIn(specs.filter((spec) => spec.head));
  const all = numbersIn(specs);
  const budget = Math.floor(density * (isIn ? all : all - head));
  const spent = isIn ? head : 0;
  if (budget > spent) return budget - spent;
  const beside = isIn ? `, expected more than the ${spent} of the head (or head_in_budget false)` : ", expected more";
  throw new Error(`density: ${density} comes to ${budget} parameters${beside}`);
}

/** Numbers counted through all parameters, in rising order, as entries of each. */
function apportion(specs: readonly ParameterSpec[], indices: readonly number[]): Int32Array[] {
  let before = 0;
  let at = 0;
  return specs.map(({ shape }) => {
    const first = at;
    const end = before + sizeOf(shape);
    while (at < indices.length && indices[at]! < end) at++;
    const entries = Int32Array.from(indices.slice(first, at), (index) => index - before);
    before = end;
    return entries;
  });
}
