/** The fine-tuning methods by name; the only list of them. */
import * as z from "zod";
import { misfit } from "../errors/misfit.ts";
import { unknownName } from "../errors/unknown-name.ts";
import { bitfit } from "./bitfit.ts";
import { full } from "./full.ts";
import { head } from "./head.ts";
import { lnTuning } from "./ln-tuning.ts";
import { lora, type LoraOptions } from "./lora.ts";
import type { Method } from "./method.ts";
import { rocoft, type RocoftOptions } from "./rocoft.ts";

/** The options of each method. */
export interface MethodOptions {
  rocoft: RocoftOptions;
  lora: LoraOptions;
  bitfit: object;
  ln_tuning: object;
  full: object;
  head: object;
}
export type MethodName = keyof MethodOptions;

export const methods: { readonly [M in MethodName]: Method<MethodOptions[M]> } = {
  rocoft,
  lora,
  bitfit,
  ln_tuning: lnTuning,
  full,
  head,
};

/**
 * Options as `method` takes them, defaults filled in.
 * @throws Error in one line naming the option that does not fit or is not the method's.
 */
export function methodOptions(method: Method, given: Readonly<Record<string, unknown>>): object {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(method.options, name))
      throw new Error(
        `${name}: the method ${method.name} has no such option (it has ${Object.keys(method.options).join(", ") || "none"})`,
      );
  }
  const result = z.object(method.options).safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw misfit(issue!.path.join("."), given[String(issue!.path[0])], issue!);
}

/** The method called `name`. @throws Error listing the known ones. */
export function methodOf(name: string): Method {
  if (!isMethodName(name)) throw unknownName("method: unknown method", name, Object.keys(methods));
  return methods[name];
}

function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}
