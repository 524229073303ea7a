/** rocoft methods */
import { Command } from "commander";
import type * as z from "zod";
import { type Method } from "../../peft/method.ts";
import { methodOf, methods } from "../../peft/registry.ts";
import { optionHelp } from "../flags.ts";
import { formatTable } from "../format.ts";

const examples = `
Examples:
  rocoft methods
  rocoft methods lora
  rocoft methods --json

The options of a method are flags of rocoft train, where they stand beside its settings.`;

export function command(): Command {
  return new Command("rocoft methods")
    .argument("[name]", "the method whose options are to be shown")
    .description("List the fine-tuning methods: what each trains, its learning rate and options, and its source.")
    .option("--json", "print one machine-readable result")
    .addHelpText("after", examples)
    .action((name: string | undefined, { json }: { json?: boolean }) => {
      const chosen = name === undefined ? Object.values<Method>(methods) : [methodOf(name)];
      const rows = chosen.map(rowOf);
      const text = name === undefined ? tableOf(rows) : pageOf(chosen[0]!);
      process.stdout.write(`${json ? JSON.stringify(rows) : text}\n`);
    });
}

interface Row {
  readonly name: string;
  readonly trains: string;
  readonly learning_rate: number;
  readonly learning_rate_source: string;
  /** Why not, where its result cannot be merged into the base model's weights. */
  readonly mergeable: true | string;
  readonly options: readonly string[];
  readonly reference: string;
}

function rowOf({ name, summary, learningRate, learningRateSource, unmergeable, options, reference }: Method): Row {
  return {
    name,
    trains: summary,
    mergeable: unmergeable ?? true,
    learning_rate: learningRate,
    learning_rate_source: learningRateSource,
    options: Object.keys(options),
    reference,
  };
}

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(({ name, trains, mergeable, learning_rate: rate, options, reference }) => [
    name,
    trains,
    mergeable === true ? "yes" : "no",
    rate.toExponential(),
    options.join(", ") || "none",
    reference,
  ]);
  return formatTable(["method", "trains", "mergeable", "learning rate", "options", "reference"], cells);
}

/** All that there is to say of one method. */
function pageOf({ name, summary, reference, learningRate, learningRateSource, unmergeable, options }: Method): string {
  const facts = [
    ["trains", summary],
    ["reference", reference],
    ["learning rate", `${learningRate.toExponential()} (${learningRateSource})`],
    ["merges", unmergeable === undefined ? "yes" : `no: ${unmergeable}`],
  ].map(([what, said]) => `${what!.padEnd(15)}${said}`);
  const flags = Object.entries(options as Readonly<Record<string, z.ZodType>>).map(([option, schema]) =>
    optionHelp(option, schema),
  );
  const width = Math.max(0, ...flags.map(([flag]) => flag.length)) + 2;
  const lines = flags.map(([flag, help]) => `  ${flag.padEnd(width)}${help}`);
  return [name, ...facts, lines.length > 0 ? "options" : "no options", ...lines].join("\n");
}
