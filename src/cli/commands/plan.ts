/** rocoft plan */
import { Command } from "commander";
import { parseConfig } from "../../run/config.ts";
import { type Plan, planRun } from "../../run/plan.ts";
import type { ExamplePart } from "../../run/planned-examples.ts";
import { addTrainFlags, trainInput } from "../flags.ts";
import { badRowLines, formatBytes, formatCount, formatShare, formatTable } from "../format.ts";

const examples = `
Examples:
  rocoft plan --model roberta-base --task sst2 --data glue/sst2 --method rocoft --rank 3 --output_dir runs/sst2
  rocoft plan -c sst2.yaml --target_modules query value --json`;

/** Nothing is written, so the run folder need not be given. */
const unnamed = "runs/unnamed";

export function command(): Command {
  return addTrainFlags(new Command("rocoft plan"))
    .description(
      "Show what train would do with the same flags: modules, parameters, memory, examples, steps. Runs nothing.",
    )
    .addHelpText("after", examples)
    .action(async (flags: { json?: boolean }) => {
      const plan = await planRun(parseConfig({ output_dir: unnamed, ...(await trainInput(flags)) }));
      process.stdout.write(flags.json ? `${JSON.stringify(plan)}\n` : `${sections(plan).join("\n\n")}\n`);
    });
}

function sections(plan: Plan): string[] {
  return [modules(plan), parameters(plan), memory(plan), firstExamples(plan), steps(plan)];
}

function modules({ targets, untouched }: Plan): string {
  const everything = [...targets, ...untouched];
  const names = (list: readonly string[]) => (list.length === 0 ? "none" : collapse(list, everything).join(", "));
  return `Target modules\n  matched (${targets.length}): ${names(targets)}\n  not matched (${untouched.length}): ${names(untouched)}`;
}

/** Module names, each once, with `*` for the block's number, or with the numbers where it is not in every block. */
function collapse(names: readonly string[], everything: readonly string[]): string[] {
  const everywhere = blocksByName(everything);
  return [...blocksByName(names)].map(([name, blocks]) =>
    name.replace("*", blocks.length === everywhere.get(name)!.length ? "*" : `{${blocks.join(",")}}`),
  );
}

/** The numbers of the blocks that have a module, by its name with `*` for the number. */
function blocksByName(names: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const full of names) {
    const block = /\.(\d+)\./.exec(full)?.[1] ?? "";
    const name = full.replace(/\.\d+\./, ".*.");
    found.set(name, [...(found.get(name) ?? []), block]);
  }
  return found;
}

function parameters({ parameters: rows, totalParameters, trainedParameters }: Plan): string {
  const cells = rows.map(({ name, shape, copies, total, trained }) => [
    name,
    `[${shape.join(", ")}]`,
    `× ${copies}`,
    formatCount(trained),
    formatCount(total - trained),
    formatShare(trained / total),
  ]);
  const sum = [
    "total",
    "",
    "",
    formatCount(trainedParameters),
    formatCount(totalParameters - trainedParameters),
    formatShare(trainedParameters / totalParameters),
  ];
  return `Parameters\n${indent(formatTable(["parameter", "shape", "copies", "trained", "frozen", "share"], [...cells, sum]))}`;
}

function memory({ memory: planned, config }: Plan): string {
  const { weights, training, activations, evaluation, packed, program, total, totals, machine } = planned;
  const chosen = String(config["quantization"]);
  const rows = Object.entries({
    [chosen === "none" ? "weights" : `weights (${chosen})`]: weights,
    "gradients, optimizer, best copy": training,
    activations,
    "activations of an evaluation": evaluation,
    ...(packed > 0 && { "matrices packed for products": packed }),
    "program and ONNX Runtime": program,
    "peak (estimate)": total,
    "this machine": machine,
  });
  const byQuantization = Object.entries(totals).map(([name, bytes]) => `${name} ${formatBytes(bytes)}`);
  const warning =
    total > machine
      ? "\n  This is more than the machine has: a smaller batch or a shorter max_seq_length takes less."
      : "";
  return `Memory\n${indent(
    formatTable(
      ["what", "bytes"],
      rows.map(([name, bytes]) => [name, formatBytes(bytes)]),
    ),
  )}\n  peak by --quantization: ${byQuantization.join(", ")}${warning}`;
}

function firstExamples({ examples: list }: Plan): string {
  const shown = list.map(({ where, tokens, label, parts }) =>
    [
      `  ${where}`,
      ...(parts === null ? [`    tokens: ${tokens.join(" ")}`] : [indent(indent(marked(parts)))]),
      ...(label === null ? [] : [`    label: ${label}`]),
    ].join("\n"),
  );
  const some = list.some(({ parts }) => parts !== null);
  return [
    `First examples${some ? `, what carries loss ${isColoured() ? "in green" : "in brackets"}` : ""}`,
    ...shown,
  ].join("\n");
}

/** A text in which what carries loss stands out: by colour on a terminal, else in brackets. */
function marked(parts: readonly ExamplePart[]): string {
  const [begin, end] = isColoured() ? ["\u001b[32m", "\u001b[39m"] : ["⟦", "⟧"];
  const shown = parts.map(({ text, carriesLoss, example }, i) => {
    const isNext = i > 0 && example !== parts[i - 1]!.example;
    return `${isNext ? "\n─\n" : ""}${carriesLoss ? `${begin}${text}${end}` : text}`;
  });
  return shown.join("").replaceAll(/\n+(?=\n─|$)/g, "");
}

function isColoured(): boolean {
  return process.stdout.isTTY && process.stdout.hasColors();
}

function steps({
  data,
  padding,
  badRows,
  leftOut,
  warnings,
  stepsPerEpoch,
  totalSteps,
  epochs,
  learningRate,
  config,
}: Plan): string {
  const warmup = Number(config["warmup_steps"]);
  const cut = data.truncated > 0 ? `, ${formatCount(data.truncated)} cut to max_seq_length` : "";
  const left = data.skipped > 0 ? `, ${formatCount(data.skipped)} left out, what carries loss does not fit` : "";
  const { tokens, lossTokens } = data;
  return [
    "Training",
    `  ${data.examples > data.train ? `${formatCount(data.train)} rows of ` : ""}${formatCount(data.examples)} training examples (longest ${data.longest} tokens${cut}${left}), ${formatCount(data.validation)} validation examples`,
    ...badRowLines(badRows).map((line) => `  ${line}`),
    ...(leftOut > 0 ? [`  ${formatCount(leftOut)} rows without a text on one side left out`] : []),
    ...warnings.map((warning) => `  ${warning}`),
    ...(lossTokens === null
      ? []
      : [
          `  ${formatCount(lossTokens)} of ${formatCount(tokens)} tokens carry loss (${formatShare(lossTokens / tokens)})`,
        ]),
    `  ${paddingLine(padding, config["group_by_length"] === true)}`,
    `  ${formatCount(totalSteps)} steps: ${Number(epochs.toFixed(2))} epochs of ${formatCount(stepsPerEpoch)}, batch ${String(config["per_device_train_batch_size"])} × ${String(config["gradient_accumulation_steps"])}`,
    `  learning rate ${learningRate}, ${String(config["lr_scheduler_type"])} after ${warmup} warm-up steps`,
    ...(warmup < totalSteps
      ? []
      : ["  Training ends before the warm-up does: fewer --warmup_steps let the rate rise."]),
  ].join("\n");
}

/** How much of an epoch is padding, and how much would be by the other setting. */
function paddingLine({ grouped, shuffled }: Plan["padding"], isGrouped: boolean): string {
  const [here, other, flag] = isGrouped
    ? [grouped, shuffled, "--no-group_by_length"]
    : [shuffled, grouped, "--group_by_length"];
  return `padding: ${formatShare(here)} of an epoch's tokens (${formatShare(other)} with ${flag})`;
}

function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
