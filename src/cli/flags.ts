/** Flags made from the schemas of settings, so that a setting is described once. */
import { type Command, Option } from "commander";
import { parse } from "yaml";
import * as z from "zod";
import { readTextFile } from "../hub/dataset.ts";
import { oneLine } from "../hub/reasons.ts";
import type { Method } from "../peft/method.ts";
import { methods } from "../peft/registry.ts";
import { aliases, type ConfigInput, trainFields } from "../run/config.ts";

/** A schema without its default and nullability, and what those were. */
function unwrap(schema: z.ZodType): { inner: z.ZodType; fallback: unknown } {
  if (schema instanceof z.ZodDefault)
    return { inner: unwrap(schema.def.innerType as z.ZodType).inner, fallback: schema.def.defaultValue };
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional)
    return unwrap(schema.def.innerType as z.ZodType);
  return { inner: schema, fallback: undefined };
}

/** A number where the text is one, else the text, for the schema to refuse. */
const numberOf = (text: string): number | string =>
  text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
const listOf = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text.split(",").filter(Boolean),
];

const numbersOf = (text: string, before: readonly (number | string)[] = []): (number | string)[] => [
  ...before,
  ...listOf(text).map(numberOf),
];

/** A default as help shows it; nothing where it says nothing. */
function shownDefault(schema: z.ZodType): string {
  const { fallback } = unwrap(schema);
  const isNothing = fallback === undefined || fallback === null || fallback === false || String(fallback) === "";
  return isNothing ? "" : ` (default: ${String(fallback)})`;
}

/** The flag of one setting; its default is shown, not set, so that a configuration file can give it. */
export function flagsOf(name: string, schema: z.ZodType, description: string): Option[] {
  const { inner, fallback } = unwrap(schema);
  if (inner instanceof z.ZodBoolean) {
    const yes = new Option(`--${name}`, description);
    return fallback === false ? [yes] : [yes, new Option(`--no-${name}`).hideHelp()];
  }
  if (inner instanceof z.ZodEnum)
    return [new Option(`--${name} <${inner.options.length > 5 ? "name" : inner.options.join("|")}>`, description)];
  if (inner instanceof z.ZodNumber) return [new Option(`--${name} <number>`, description).argParser(numberOf)];
  if (inner instanceof z.ZodArray) {
    const isNumeric = unwrap(inner.element as z.ZodType).inner instanceof z.ZodNumber;
    return [
      isNumeric
        ? new Option(`--${name} <numbers...>`, description).argParser(numbersOf)
        : new Option(`--${name} <names...>`, description).argParser(listOf),
    ];
  }
  if (inner instanceof z.ZodUnion) return [new Option(`--${name} <value>`, description).argParser(numberOf)];
  return [new Option(`--${name} <text>`, description)];
}

/** The flag of an option and what it means. */
export function optionHelp(name: string, schema: z.ZodType): readonly [flag: string, help: string] {
  const [flag] = flagsOf(name, schema, `${schema.description ?? ""}${shownDefault(schema)}`);
  return [flag!.flags, flag!.description];
}

/** The options of all methods, each with the methods that have it. */
function methodOptionsByName(): Map<string, Map<string, z.ZodType>> {
  const byName = new Map<string, Map<string, z.ZodType>>();
  for (const method of Object.values<Method>(methods))
    for (const [name, schema] of Object.entries(method.options as Readonly<Record<string, z.ZodType>>))
      byName.set(name, (byName.get(name) ?? new Map<string, z.ZodType>()).set(method.name, schema));
  return byName;
}

/** What an option of methods means: once for all that mean the same, with the default of each. */
function describeOption(schemas: ReadonlyMap<string, z.ZodType>): string {
  const meanings = new Map<string, string[]>();
  for (const [method, schema] of schemas) {
    const meaning = `${schema.description ?? ""}${shownDefault(schema)}`;
    meanings.set(meaning, [...(meanings.get(meaning) ?? []), method]);
  }
  return [...meanings].map(([meaning, names]) => `${names.join(", ")}: ${meaning}`).join("; ");
}

/** Adds a flag for each of `fields`. */
export function addSettingFlags(command: Command, fields: Readonly<Record<string, z.ZodType>>): Command {
  for (const [name, schema] of Object.entries(fields))
    for (const flag of flagsOf(name, schema, `${schema.description}${shownDefault(schema)}`)) command.addOption(flag);
  return command;
}

/** Adds the flags of `train`: settings, options of every method, other spellings, and `-c FILE`. */
export function addTrainFlags(command: Command): Command {
  addSettingFlags(command, trainFields);
  for (const [name, schemas] of methodOptionsByName()) {
    const [schema] = schemas.values();
    for (const flag of flagsOf(name, schema!, describeOption(schemas))) command.addOption(flag);
  }
  return addConfigFlags(command);
}

/** Adds other spellings of settings, `-c FILE` and `--json`. */
export function addConfigFlags(command: Command): Command {
  for (const alias of Object.keys(aliases))
    command.addOption(new Option(`--${alias} <value>`).argParser(numberOf).hideHelp());
  return command
    .option("-c, --config <file>", "YAML or JSON file with these settings; flags override it")
    .option("--json", "print one machine-readable result");
}

/** The settings given on the command line, over those of the configuration file. */
export async function trainInput({
  config,
  json: _json,
  ...flags
}: { config?: string; json?: boolean } & ConfigInput): Promise<ConfigInput> {
  const fromFile = config === undefined ? {} : await readConfigFile(config);
  const canonical = (input: ConfigInput) =>
    Object.fromEntries(Object.entries(input).map(([name, value]) => [aliases[name] ?? name, value]));
  return { ...canonical(fromFile), ...canonical(flags) };
}

async function readConfigFile(path: string): Promise<ConfigInput> {
  const text = await readTextFile(path);
  let value: unknown;
  try {
    value = parse(text, { logLevel: "error" });
  } catch (error) {
    const [reason] = (error as Error).message.split("\n", 1);
    throw new Error(`${path}: ${oneLine(reason).replace(/:$/, "")}`, { cause: error });
  }
  const result = z.record(z.string(), z.unknown()).safeParse(value);
  if (!result.success) throw new Error(`${path}: expected settings by name, one a line (learning_rate: 0.001)`);
  return result.data;
}
