/** Reading config.json: what its fields may be, and one-line errors where they are not. */
import * as z from "zod";
import { activations } from "../nn/activation.ts";

/** A `hidden_act` that is implemented. */
export const activationName: z.ZodType<string> = z.string().refine((name) => Object.hasOwn(activations, name), {
  error: (issue) => `unknown activation "${issue.input}", expected one of ${Object.keys(activations).join(", ")}`,
});

/** A share that is dropped. */
export const probability: z.ZodType<number> = z.number().min(0).lt(1);

/**
 * The configuration that `schema` describes.
 * @throws Error naming the file, the first field that does not fit, and what was expected.
 */
export function parseConfig<S extends z.ZodType>(schema: S, json: unknown, where: string): z.infer<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(`${where}: ${issue!.path.join(".") || "config"}: ${issue!.message}`);
}

/**
 * A parsed config.json with its fields under the names that the schemas know.
 * @param spellings other names of fields by the first; where several are given, the first name holds
 */
export function withSpellings(json: unknown, spellings: Readonly<Record<string, readonly string[]>>): unknown {
  if (typeof json !== "object" || json === null) return json;
  const fields = new Map<string, unknown>(Object.entries(json));
  const renamed = Object.entries(spellings).flatMap(([name, others]) => {
    const found = [name, ...others].find((each) => (fields.get(each) ?? null) !== null);
    return found === undefined ? [] : [[name, fields.get(found)]];
  });
  return { ...json, ...Object.fromEntries(renamed) };
}
