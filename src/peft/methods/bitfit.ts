/** BitFit (Ben-Zaken, Ravfogel & Goldberg, ACL 2022): every bias is trained, those of the norms too, and nothing else. */
import { compose, trainWhole } from "../attachment.ts";
import type { Method } from "../method.ts";
import { linearModules } from "../targets.ts";

export const bitfit: Method<object> = {
  name: "bitfit",
  summary: "every bias, those of the norms too",
  reference: "Ben-Zaken et al., ACL 2022",
  learningRate: 1e-3,
  learningRateSource: "the default of its published code",
  options: {},
  attach: (specs) => {
    const modules = linearModules(specs);
    return compose({
      ...trainWhole(specs.filter(({ name, head }) => head || name.endsWith(".bias"))),
      targets: modules.filter(({ bias }) => bias !== null).map(({ name }) => name),
      untouched: modules.filter(({ bias }) => bias === null).map(({ name }) => name),
    });
  },
};
