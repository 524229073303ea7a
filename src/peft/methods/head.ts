/** Head only: the body is frozen, the task's head is trained. The control every other method is to beat. */
import { compose, trainHead } from "../attachment.ts";
import type { Method } from "../method.ts";
import { linearModules } from "../targets.ts";

export const head: Method<object> = {
  name: "head",
  summary: "the task's head alone; the body stays frozen",
  reference: "the classifier-only control",
  learningRate: 1e-3,
  learningRateSource: "Ben-Zaken et al. (2022), who train the head alone for comparison",
  options: {},
  attach: (specs) => compose(trainHead(specs), { untouched: linearModules(specs).map(({ name }) => name) }),
};
