/** rocoft methods */
import { Command } from "commander";
import { type Method } from "../../peft/method.ts";
import { methods } from "../../peft/registry.ts";
import { formatTable } from "../format.ts";

const examples = `
Examples:
  rocoft methods
  rocoft methods --json

The options of a method are flags of rocoft train; rocoft train --help says what each is for.`;

export function command(): Command {
  return new Command("rocoft methods")
    .description("List the fine-tuning methods: what each trains, its learning rate and options, and its source.")
    .option("--json", "print one machine-readable result")
    .addHelpText("after", examples)
    .action(({ json }: { json?: boolean }) => {
      const rows = Object.values<Method>(methods).map(rowOf);
      process.stdout.write(`${json ? JSON.stringify(rows) : tableOf(rows)}\n`);
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
