/** Head only: the body is frozen, the task's head is trained. The control every other method is to beat. */
import * as z from "zod";
import { type Method, trainWhole } from "./method.ts";
import { linearModules } from "./targets.ts";

export const head: Method<object> = {
  name: "head",
  summary: "the task's head alone; the body stays frozen",
  reference: "the classifier-only control",
  options: z.object({}),
  attach: (specs) => ({ ...trainWhole(specs.filter((spec) => spec.head)), targets: [], untouched: linearModules(specs).map(({ name }) => name) }),
};
