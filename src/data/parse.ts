/** Checking foreign JSON against a schema. */
import type * as z from "zod";

/**
 * `value` as `schema` describes it; `subject` is its place within the file `where`, if not the whole of it.
 * @throws Error in one line: the file, the first field that does not fit, and what was expected.
 */
export function parse<T>(schema: z.ZodType<T>, value: unknown, where: string, subject?: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const field = [...(subject === undefined ? [] : [subject]), ...path].join(".");
  throw new Error([where, ...(field ? [field] : []), message].join(": "));
}
