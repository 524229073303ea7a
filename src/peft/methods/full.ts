/** Full fine-tuning: every parameter is trained. */
import { compose, trainWhole } from "../attachment.ts";
import type { Method } from "../method.ts";
import { linearModules } from "../targets.ts";

export const full: Method<object> = {
  name: "full",
  summary: "every parameter",
  reference: "Devlin et al., NAACL 2019",
  learningRate: 2e-5,
  learningRateSource: "its paper, §A.3: 5e-5, 3e-5 or 2e-5",
  options: {},
  attach: (specs) => compose({ ...trainWhole(specs), targets: linearModules(specs).map(({ name }) => name) }),
};
