/**
 * Head only: the body is frozen, the task's head is trained, or where a task has none of its own, the head that was pretrained with
 * the body. The control every other method is to beat.
 */
import type { ParameterSpec } from "../../nn/parameters.ts";
import { compose, trainWhole } from "../attachment.ts";
import type { Method } from "../method.ts";
import { linearModules } from "../targets.ts";

export const head: Method<object> = {
  name: "head",
  summary: "the task's head alone; the body stays frozen",
  reference: "the classifier-only control",
  learningRate: 1e-3,
  learningRateSource: "Ben-Zaken et al. (2022), who train the head alone for comparison",
  options: {},
  attach: (specs) => compose(trainWhole(headOf(specs)), { untouched: linearModules(specs).map(({ name }) => name) }),
};

function headOf(specs: readonly ParameterSpec[]): ParameterSpec[] {
  const own = specs.filter((spec) => spec.head);
  return own.length > 0 ? own : specs.filter(({ pretrainedHead }) => pretrainedHead);
}
