/** The fields of adapter_config.json: what peft writes where nothing else is said, and which may say something else. */
import type * as z from "zod";
import { misfit } from "../../errors/misfit.ts";
import type { JsonObject } from "./format.ts";

export interface Field {
  /** What peft writes by default. */
  readonly value: unknown;
  /** Whether another value is understood; else it is refused, for it would change what the adapter computes. */
  readonly free: boolean;
}
export type Fields = Readonly<Record<string, Field>>;

/** A field that is read, or that matters to training alone, or that the names and shapes of the tensors say again. */
export const free = (value: unknown): Field => ({ value, free: true });

/** A field whose other values are not supported. */
export const fixed = (value: unknown): Field => ({ value, free: false });

/** The version of peft whose files these are. */
export const peftVersion = "0.21.2";

/** The fields of every type. */
export const commonFields: Fields = {
  auto_mapping: free(null),
  base_model_name_or_path: free(null),
  inference_mode: free(true),
  modules_to_save: free(null),
  peft_type: free(null),
  peft_version: free(peftVersion),
  revision: free(null),
  task_type: free(null),
};

/** The names of modules: the tensors say which they are. */
export const targetFields: Fields = {
  target_modules: free(null),
  layers_to_transform: free(null),
  layers_pattern: free(null),
};

/** What a configuration holds whose every field has peft's default. */
export function defaultsOf(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value]));
}

const isNothing = (value: unknown): boolean =>
  value === null || value === false || (typeof value === "object" && Object.keys(value).length === 0);

/** Whether two values of a field say the same: nothing is said in several ways. */
const isSame = (a: unknown, b: unknown): boolean =>
  JSON.stringify(a) === JSON.stringify(b) || (isNothing(a) && isNothing(b));

/**
 * Refuses a configuration that says more than is understood: a fixed field with another value, or an unknown one with any.
 * @throws Error in one line naming the field.
 */
export function checkFields(config: JsonObject, fields: Fields): void {
  for (const [name, value] of Object.entries(config)) {
    const field = Object.hasOwn(fields, name) ? fields[name]! : fixed(null);
    if (field.free || isSame(value, field.value)) continue;
    throw new Error(
      `${name}: ${JSON.stringify(value)}, which is not supported (expected ${JSON.stringify(field.value)})`,
    );
  }
}

/**
 * The fields of a configuration that a schema describes.
 * @throws Error in one line naming the field, what was met and what was expected.
 */
export function readFields<S extends z.ZodType>(config: JsonObject, schema: S): z.infer<S> {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = String(issue!.path[0]);
  throw misfit(issue!.path.join("."), config[name], issue!);
}
