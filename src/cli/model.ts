/** The model a command works on: a run folder, or `--model` with `--adapter`, or `--model` alone for a plain checkpoint. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { OnBadRow } from "../formats/rows.ts";
import { type Classifier, openClassifier } from "../run/classifier.ts";
import { type Quantization, quantizations } from "../quantization/registry.ts";
import { type Device, deviceHelp, deviceNames } from "../runtime/device.ts";
import type { ModelSource } from "../run/loaded.ts";
import { type BadRowPolicy, badRowPolicies, badRowTally } from "../tasks/bad-rows.ts";
import type { ColumnOptions } from "../tasks/task.ts";
import { downloadProgress } from "./download.ts";
import { badRowLines } from "./format.ts";
import { writeLine } from "./progress.ts";

export interface SourceFlags {
  readonly model?: string;
  readonly adapter?: string;
  readonly task?: string;
  readonly revision?: string;
}

/** What {@link addQuantizationFlag} adds. */
export interface QuantizationFlags {
  readonly quantization?: Quantization;
}

/** What {@link addComputeFlags} adds. */
export interface ComputeFlags {
  readonly threads?: number;
  readonly device?: Device;
}

export interface ModelFlags extends SourceFlags, QuantizationFlags, ComputeFlags {
  readonly max_seq_length?: number;
  readonly per_device_eval_batch_size?: number;
  readonly text_column?: string;
  readonly text_pair_column?: string;
  readonly label_column?: string;
  readonly on_bad_row?: BadRowPolicy;
  readonly json?: boolean;
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError(`${text} is not a whole number above 0.`);
  return value;
}

/** Adds the flags that {@link sourceOf} reads. */
export function addSourceFlags(command: Command): Command {
  return command
    .option("--model <model>", "a checkpoint folder or hub id, instead of a run")
    .option(
      "--adapter <folder>",
      "adapter for --model: a run folder, its adapter folder, or one that peft or adapters wrote",
    )
    .option("--task <name>", "the task of --model; without it the labels are the checkpoint's own")
    .option("--revision <revision>", "branch, tag or commit of a hub model");
}

/** Adds the flag of how the base model is stored, of commands that only read a model. */
export function addQuantizationFlag(command: Command): Command {
  return command.addOption(
    new Option(
      "--quantization <way>",
      "how the base model is stored: a run's own as it was trained, none of a checkpoint by default",
    ).choices(quantizations),
  );
}

/** Adds the flags of what computes. */
export function addComputeFlags(command: Command): Command {
  return command
    .option("--threads <number>", "threads of ONNX Runtime; all cores by default", positiveInteger)
    .addOption(new Option("--device <name>", deviceHelp).choices(deviceNames));
}

/** Adds the run argument and the flags that {@link openModelOf} reads. */
export function addModelFlags(command: Command): Command {
  const named = addQuantizationFlag(addSourceFlags(command.argument("[run]", "run folder")));
  return addComputeFlags(named)
    .option("--max_seq_length <number>", "longest sequence in tokens", positiveInteger)
    .option("--per_device_eval_batch_size <number>", "examples of a batch", positiveInteger)
    .option("--text_column <name>", "column of the text, where it is not the task's own")
    .option("--text_pair_column <name>", "column of the second text of a pair")
    .option("--label_column <name>", "column of the label, where it is not the task's own")
    .addOption(
      new Option(
        "--on_bad_row <policy>",
        "what a row does that cannot be read: end the command, or be left out and counted (default: fail)",
      ).choices(badRowPolicies),
    )
    .option("--json", "print one machine-readable result");
}

/** What was named. @throws Error when neither or both of a run and `--model` are given, or a run with flags of `--model`. */
export function sourceOf(run: string | undefined, flags: SourceFlags & QuantizationFlags): ModelSource {
  const { model, adapter, task, revision, quantization } = flags;
  if ((run === undefined) === (model === undefined))
    throw new Error("expected a run folder or --model, one of the two");
  if (model !== undefined) return { model, adapter, task, revision, quantization };
  const foreign = (["adapter", "task", "revision"] as const).find((name) => name in flags);
  if (foreign !== undefined) throw new Error(`--${foreign}: a run knows its own, expected only with --model`);
  return { run: run!, quantization };
}

/** Does what takes bad rows as the flags have it, and says on standard error how many were skipped and why. */
export async function withBadRows<T>(
  { on_bad_row: policy = "fail" }: ModelFlags,
  work: (onBadRow: OnBadRow) => Promise<T>,
): Promise<T> {
  const badRows = badRowTally(policy);
  const result = await work(badRows.take);
  for (const line of badRowLines(badRows.skipped())) writeLine(process.stderr, line);
  return result;
}

/** Does what needs the model that was named, and closes it. @throws Error as {@link sourceOf}. */
export function withModelOf<T>(
  run: string | undefined,
  flags: ModelFlags,
  work: (model: Classifier) => Promise<T>,
): Promise<T> {
  return withBadRows(flags, async (onBadRow) => {
    const model = await openModelOf(run, flags, onBadRow);
    try {
      return await work(model);
    } finally {
      await model.dispose();
    }
  });
}

async function openModelOf(run: string | undefined, flags: ModelFlags, onBadRow: OnBadRow): Promise<Classifier> {
  const model = await openClassifier(sourceOf(run, flags), {
    columns: columnsOf(flags),
    onBadRow,
    onDownload: downloadProgress(process.stderr),
    ...(flags.max_seq_length !== undefined && { maxLength: flags.max_seq_length }),
    ...(flags.per_device_eval_batch_size !== undefined && { batchSize: flags.per_device_eval_batch_size }),
    threads: flags.threads,
    device: flags.device,
  });
  warn(model.warnings);
  return model;
}

/** Says on standard error what was met while a model was read. */
export function warn(warnings: readonly string[]): void {
  for (const warning of warnings) writeLine(process.stderr, `warning: ${warning}`);
}

function columnsOf({ text_column, text_pair_column, label_column }: ModelFlags): ColumnOptions {
  return {
    ...(text_column !== undefined && { textColumn: text_column }),
    ...(text_pair_column !== undefined && { textPairColumn: text_pair_column }),
    ...(label_column !== undefined && { labelColumn: label_column }),
  };
}
