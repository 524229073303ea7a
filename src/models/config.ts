/** Reading config.json: what its fields may be, and one-line errors where they are not. */
import * as z from "zod";
import { activations } from "../nn/activation.ts";

/** A `hidden_act` that is implemented. */
export const activationName: z.ZodType<string> = z.string().refine((name) => Object.hasOwn(activations, name), {
  error: (issue) => `unknown activation "${issue.input}", expected one of ${Object.keys(activations).join(", ")}`,
});

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
