/** Full fine-tuning: every parameter is trained. */
import * as z from "zod";
import { type Method, trainWhole } from "./method.ts";
import { linearModules } from "./targets.ts";

export const full: Method<object> = {
  name: "full",
  summary: "every parameter",
  reference: "Devlin et al., NAACL 2019",
  options: z.object({}),
  attach: (specs) => ({ ...trainWhole(specs), targets: linearModules(specs).map(({ name }) => name), untouched: [] }),
};
