/** Errors about values that their schema refuses. */
import type * as z from "zod";
import { unknownName } from "./unknown-name.ts";

/**
 * An error in one line from the issue zod found: the setting, what was met and what was expected. A name that is none of
 * several comes with those that are near.
 */
export function misfit(name: string, value: unknown, issue: z.core.$ZodIssue): Error {
  if (issue.code === "invalid_value" && typeof value === "string")
    return unknownName(`${name}: unknown name`, value, issue.values.map(String));
  const expected = issue.message.replace(/^[^:]*: /, "").replace(/, received .*/, "");
  return new Error(`${name}: ${JSON.stringify(value)}, ${expected}`);
}
