/** The fine-tuning methods by name; the only list of them. */
import { unknownName } from "../errors/unknown-name.ts";
import { full } from "./full.ts";
import { head } from "./head.ts";
import type { Method } from "./method.ts";
import { rocoft } from "./rocoft.ts";

export const methods: Readonly<Record<string, Method>> = { rocoft, full, head };

/** The method called `name`. @throws Error listing the known ones. */
export function methodOf(name: string): Method {
  const method = methods[name];
  if (!method) throw unknownName("method: unknown method", name, Object.keys(methods));
  return method;
}
