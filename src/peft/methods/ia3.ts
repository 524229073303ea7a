/**
 * (IA)³ (Liu et al., NeurIPS 2022): activations are scaled by learned vectors that begin as ones. Keys and values are scaled
 * where they come out of their linear modules, W′ = diag(l)·W and b′ = l ∘ b; what a feed-forward network has inside is scaled
 * where it goes into the second one, W′ = W·diag(l).
 */
import * as z from "zod";
import { mul, squeeze } from "../../graph/ops.ts";
import type { ParameterTable } from "../../nn/parameters.ts";
import { compose, trainHead, withAdded } from "../attachment.ts";
import { addedTo } from "../low-rank.ts";
import type { Method } from "../method.ts";
import {
  chooseModules,
  type LinearModule,
  type Place,
  placeOf,
  type TargetOptions,
  targetOptions,
  targetsOf,
} from "../targets.ts";

export interface Ia3Options extends TargetOptions {
  /** Which of the targets have their input scaled, the others their output; null for those that end a feed-forward network. */
  readonly feedforward_modules: readonly string[] | null;
}

const options: Method<Ia3Options>["options"] = {
  ...targetOptions("key, value and the second matrix of the feed-forward network"),
  feedforward_modules: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe(
      "modules, of those targeted, whose input is scaled instead of their output; the second of the feed-forward network by default",
    ),
};

/** The paper's; where queries, keys and values are one matrix, the query is scaled too. */
const places: readonly Place[] = ["key", "value", "fused", "feed-forward-out"];

export const ia3: Method<Ia3Options> = {
  name: "ia3",
  summary: "learned scales of keys, values and what the feed-forward networks have inside",
  reference: "Liu et al., NeurIPS 2022",
  learningRate: 1e-3,
  learningRateSource: "peft's notebook for sequence classification",
  options,
  attach(specs, chosen) {
    const { modules, choice } = targetsOf(specs, chosen, places);
    const inputScaled = new Set(inputScaledOf(modules, chosen.feedforward_modules));
    const added = modules.map((module) => {
      const [out, inner] = module.weight.shape as [number, number];
      return addedTo(module, vector, inputScaled.has(module) ? [1, inner] : [out, 1], "ones");
    });
    const reparameterize = (table: ParameterTable) => {
      const made = new Map(table);
      for (const module of modules) {
        const { name, weight, bias } = module;
        const scale = table.get(`${name}.${vector}`)!;
        made.set(weight.name, mul(table.get(weight.name)!, scale));
        if (bias && !inputScaled.has(module)) made.set(bias.name, mul(table.get(bias.name)!, squeeze(scale, 1)));
      }
      return made;
    };
    return compose(withAdded(added, { ...choice, reparameterize }), trainHead(specs));
  },
};

const vector = "ia3_l";

/** The targeted modules whose input is scaled. @throws Error in one line when a name is none of theirs. */
function inputScaledOf(modules: readonly LinearModule[], names: readonly string[] | null): LinearModule[] {
  if (names === null) return modules.filter((module) => placeOf(module) === "feed-forward-out");
  return names.length === 0 ? [] : chooseModules(modules, names, "feedforward_modules");
}
