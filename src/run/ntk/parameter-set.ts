/** Sets of parameters as they are written in one word: a method's name, its options and settings of training, between colons. */
import * as z from "zod";
import { methodOf } from "../../peft/registry.ts";
import type { ConfigInput } from "../config.ts";

/** The word for what an adapter has trained. */
export const ADAPTER = "adapter";

/**
 * `rocoft:rank=1:update=column` as the settings it stands for; the parts of a list are joined by +.
 * @throws Error in one line when there is no such method, or an option has no value.
 */
export function parseParameterSet(spec: string): ConfigInput {
  const [method, ...parts] = spec.split(":");
  const { options } = methodOf(method!);
  const settings = parts.map((part) => {
    const at = part.indexOf("=");
    if (at < 1) throw new Error(`${spec}: "${part}" is no option, expected name=value`);
    const name = part.slice(0, at);
    const schema = (options as Readonly<Record<string, z.ZodType>>)[name];
    return [name, valueOf(part.slice(at + 1), schema)] as const;
  });
  return { method, ...Object.fromEntries(settings) };
}

function valueOf(text: string, schema: z.ZodType | undefined): unknown {
  const parts = text.split("+");
  if (parts.length > 1 || (schema && takesList(schema))) return parts.map(wordOf);
  return wordOf(text);
}

const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };
const wordOf = (text: string): unknown => {
  if (Object.hasOwn(words, text)) return words[text];
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
};

function takesList(schema: z.ZodType): boolean {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodNullable || schema instanceof z.ZodOptional)
    return takesList(schema.def.innerType as z.ZodType);
  return schema instanceof z.ZodArray;
}

/** The name of a file or folder for a set. */
export const fileNameOf = (spec: string): string => spec.replaceAll(/[^\w.=+-]+/g, "-");
