/** LayerNorm tuning (Zhao et al. 2023): scale and shift of every norm are trained, and nothing else. */
import type { ParameterSpec } from "../../nn/parameters.ts";
import { compose, trainHead, trainWhole } from "../attachment.ts";
import type { Method } from "../method.ts";
import { linearModules } from "../targets.ts";

export const lnTuning: Method<object> = {
  name: "ln_tuning",
  summary: "scale and shift of every norm",
  reference: "Zhao et al., 2023 (arXiv 2312.11420)",
  learningRate: 3e-4,
  learningRateSource: "Liu et al. (2022, T-Few), who train it for comparison; its paper does not say",
  options: {},
  attach: (specs) => {
    const norms = normsOf(specs);
    return compose(
      {
        ...trainWhole(norms),
        targets: [...new Set(norms.map(({ name }) => moduleOf(name)))],
        untouched: linearModules(specs).map(({ name }) => name),
      },
      trainHead(specs),
    );
  },
};

/** Scale and shift of every norm outside the head. */
export function normsOf(specs: readonly ParameterSpec[]): ParameterSpec[] {
  const norms = new Set(specs.filter(({ role }) => role === "norm").map(({ name }) => moduleOf(name)));
  return specs.filter(({ name, head }) => !head && norms.has(moduleOf(name)));
}

/** A parameter's name without its last part: `….LayerNorm.bias` → `….LayerNorm`. */
const moduleOf = (parameter: string) => parameter.replace(/\.[^.]*$/, "");
