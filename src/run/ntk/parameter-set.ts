/** Sets of parameters as they are written in one word: a method's name, its options and settings of training, between colons. */
import * as z from "zod";
import { unknownName } from "../../errors/unknown-name.ts";
import { methodOf } from "../../peft/registry.ts";
import type { ConfigInput, TrainConfig } from "../config.ts";

/** The word for what an adapter has trained. */
export const ADAPTER = "adapter";

/** The settings that a set may have for itself: those of how it is trained, on the same data as all. */
export const trainingSettings: readonly (keyof TrainConfig)[] = [
  "learning_rate",
  "head_learning_rate",
  "lr_scheduler_type",
  "warmup_steps",
  "weight_decay",
  "adam_beta1",
  "adam_beta2",
  "adam_epsilon",
  "max_grad_norm",
  "base_dropout",
  "gradient_checkpointing",
  "per_device_train_batch_size",
  "gradient_accumulation_steps",
  "num_train_epochs",
  "max_steps",
  "eval_steps",
  "early_stopping_patience",
];

export interface WrittenSet {
  /** What tables and files call it: `name=`, or else the whole word. */
  readonly name: string;
  readonly input: ConfigInput;
}

/**
 * `rocoft:rank=1:update=column` as the settings it stands for; the parts of a list are joined by +.
 * @throws Error in one line when there is no such method, or a part is no option of it and no setting of training.
 */
export function parseParameterSet(spec: string): WrittenSet {
  const [method, ...parts] = spec.split(":");
  const options = methodOf(method!).options as Readonly<Record<string, z.ZodType>>;
  const known = ["name", ...Object.keys(options), ...trainingSettings];
  const settings = new Map<string, unknown>();
  for (const part of parts) {
    const at = part.indexOf("=");
    if (at < 1) throw new Error(`"${part}" is no option, expected name=value`);
    const name = part.slice(0, at);
    if (!known.includes(name)) throw unknownName(`unknown option of ${method}`, name, known);
    if (settings.has(name)) throw new Error(`${name} stands twice, expected each option once`);
    const text = part.slice(at + 1);
    settings.set(name, name === "name" ? text : valueOf(text, options[name]));
  }
  const { name = spec, ...input } = Object.fromEntries(settings);
  if (!/\w/.test(String(name))) throw new Error(`name: "${String(name)}", expected one with a letter or a digit`);
  return { name: String(name), input: { method, ...input } };
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
