/**
 * The page docs/configuration.md, made from the schemas of the settings.
 *
 *     npx tsx scripts/docs/configuration.ts     writes it
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { methods } from "../../src/peft/registry.ts";
import { aliases, trainFields } from "../../src/run/config.ts";

export const path: string = join(import.meta.dirname, "../../docs/configuration.md");

/** What is read of a setting's JSON Schema. */
const valueSchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  const: z.string().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  items: z.object({ type: z.string() }).optional(),
});
const settingSchema = valueSchema.extend({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  anyOf: z.array(valueSchema).optional(),
  default: z.unknown().optional(),
  description: z.string(),
});
type Setting = z.infer<typeof settingSchema>;
type Value = z.infer<typeof valueSchema>;

/** Types as a person calls them. */
const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "number",
  integer: "whole number",
  boolean: "true or false",
};
const lists: Readonly<Record<string, string>> = { string: "list of names", integer: "list of whole numbers" };

/** The kinds of value besides null, which only stands for a default. */
function valuesOf({ anyOf, type, ...rest }: Setting): Value[] {
  const given = anyOf?.filter((one) => one.type !== "null");
  return given ?? [{ ...rest, type: Array.isArray(type) ? type.find((name) => name !== "null") : type }];
}

function describeValue(value: Value): string {
  if (value.const !== undefined) return `\`${value.const}\``;
  if (value.enum) return value.enum.map((name) => `\`${name}\``).join(", ");
  if (value.items) return lists[value.items.type]!;
  const bounds = [
    value.minimum === undefined ? [] : `≥ ${value.minimum}`,
    value.exclusiveMinimum === undefined ? [] : `> ${value.exclusiveMinimum}`,
    value.exclusiveMaximum === undefined ? [] : `< ${value.exclusiveMaximum}`,
  ].flat();
  return [kinds[value.type!]!, ...bounds].join(", ");
}

function describeDefault(setting: Setting): string {
  if (!("default" in setting)) return "required";
  return setting.default === null ? "none" : `\`${String(setting.default)}\``;
}

/** A row for each of the schemas, which are given by the names of their settings. */
function table(schemas: object): string {
  const { properties = {} } = z.toJSONSchema(z.object(schemas as z.ZodRawShape), { io: "input" });
  const rows = Object.entries(properties).map(([name, property]) => {
    const setting = settingSchema.parse(property);
    const { description } = setting;
    return `| \`${name}\` | ${valuesOf(setting).map(describeValue).join(" or ")} | ${describeDefault(setting)} | ${description} |`;
  });
  return ["| setting | value | default | what it is |", "|---|---|---|---|", ...rows].join("\n");
}

function methodSections(): string[] {
  return Object.values(methods).flatMap(({ name, summary, reference, learningRate, learningRateSource, options }) => [
    `### ${name}`,
    `Trains ${summary} (${reference}). Learning rate unless one is given: ${learningRate.toExponential()} (${learningRateSource}).`,
    Object.keys(options).length > 0 ? table(options) : "It has no options.",
  ]);
}

/** The whole page. */
export function configurationPage(): string {
  const otherNames = Object.entries(aliases).map(([alias, name]) => `\`${alias}\` for \`${name}\``);
  const sections = [
    "# Settings of a training",
    "<!-- Written by `npx tsx scripts/docs/configuration.ts`; change src/run/config.ts and src/peft/ instead. -->",
    "Every setting has one name, whether it is given as a flag (`--learning_rate 2e-3`), in a YAML or JSON file " +
      "(`learning_rate: 0.002`, named with `-c FILE`; flags override it), or as a property of the object that `fineTune` " +
      "takes. The names are those of transformers' `run_glue.py` where it has the setting. A setting that does not exist, or " +
      "a value that does not fit, is refused before anything is read.",
    `Other spellings are accepted: ${otherNames.join(", ")}.`,
    "## Settings",
    table(trainFields),
    "`quantization` has a page of its own: [base models in few bits](quantization.md).",
    "## Options of the methods",
    "They stand beside the settings, under their own names; an option of another method than the chosen one is refused.",
    ...methodSections(),
  ];
  return `${sections.join("\n\n")}\n`;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename)
  writeFileSync(path, configurationPage());
