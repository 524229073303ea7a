/** What all sets of parameters have in common on a split: the examples as the model reads them, and the model's folder. */
import { createHash } from "node:crypto";
import type { EncodedDataset } from "../../data/encode.ts";
import type { Dataset } from "../../data/examples.ts";
import type { DownloadProgress } from "../../hub/download.ts";
import type { MetricName } from "../../metrics/registry.ts";
import { taskNamed } from "../../tasks/registry.ts";
import type { Task, TaskKind } from "../../tasks/task.ts";
import { encodeFor, type PreparedRun, prepareRun } from "../prepare.ts";
import { taskKinds } from "../task-kinds.ts";
import type { NtkConfig, NtkSettings } from "./config.ts";
import { drawn, type Split, testExamples } from "./split.ts";

/** The examples of a split, as the model reads them. */
export interface Examples {
  readonly train: EncodedDataset;
  readonly validation: EncodedDataset;
  readonly test: EncodedDataset;
}

export interface OpenSplit {
  readonly split: Split;
  /** Of which each set's own is made. Its folder is open. */
  readonly prepared: PreparedRun;
  readonly examples: Examples;
  /** The SHA-256 of the examples. */
  readonly hash: string;
  readonly classes: number;
  readonly metric: MetricName;
}

/**
 * Reads the data of a split and opens the model; reads no weights.
 * @throws Error in one line for anything that does not fit
 */
export async function openSplit(
  split: Split,
  config: NtkConfig,
  onDownload?: (progress: DownloadProgress) => void,
): Promise<OpenSplit> {
  const { ntk, common, sets } = config;
  const { kind } = taskNamed(common.task);
  if (kind !== "labelled") checkKind(kind, common.task);
  const settings = { ...common, data: split.data, seed: split.seed };
  const whole = await prepareRun({ settings, methodOptions: {} }, onDownload);
  try {
    const { task } = whole;
    const classes = classesOf(task, ntk);
    const prepared = { ...whole, ...drawn(split, task, whole) };
    const { train, validation } = prepared;
    const test = await testExamples(task, split, config, whole.validation);
    const outputs = ntk.binary_classification ? 1 : classes;
    checkSize([train.examples.length, test.examples.length], outputs, sets.length, ntk);
    checkClasses(train, task, ntk);
    const encoded = (data: Dataset) => encodeFor(prepared, task, data, common.max_seq_length);
    const examples = { train: encoded(train), validation: encoded(validation), test: encoded(test) };
    return { split, prepared, examples, hash: hashOf(examples), classes, metric: task.metrics[0]! };
  } catch (error) {
    await whole.folder.close();
    throw error;
  }
}

function checkKind(kind: TaskKind, name: string): void {
  if (taskKinds[kind].supervision !== "classification")
    throw new Error(`task: ${name} teaches no classes, expected a classification`);
}

function classesOf({ kind, name, labels }: Task, { binary_classification: isBinary }: NtkSettings): number {
  checkKind(kind, name);
  const classes = labels!.length;
  if (isBinary && classes !== 2) throw new Error(`binary_classification: ${name} has ${classes} classes, expected 2`);
  return classes;
}

/** Kernels beyond this are neither kept nor learnt from: 4,000² numbers of 8 bytes are 122 MiB. */
const LARGEST = 4000;

/** How many bytes the kernels of a set take, between so many inputs. */
export const kernelBytes = (train: number, test: number, outputs: number): number =>
  8 * train * outputs * (train + test) * outputs;

function checkSize(
  [train, test]: readonly [number, number],
  outputs: number,
  sets: number,
  { memory_mib: room }: NtkSettings,
): void {
  if (train * outputs > LARGEST)
    throw new Error(
      `data: a kernel of ${train} training inputs by ${outputs} outputs, expected ${LARGEST} of both together at most; --shots or --max_train_samples takes fewer`,
    );
  const needed = Math.ceil((sets * kernelBytes(train, test, outputs)) / 2 ** 20);
  if (needed > room)
    throw new Error(
      `memory_mib: ${room}, the kernels of ${sets} sets with ${train} training and ${test} test inputs alone take ${needed}`,
    );
}

/** A kernel classifier holds some of the inputs of each class out. */
function checkClasses({ where, examples }: Dataset, { labels }: Task, { kernel_solver }: NtkSettings): void {
  const counts = labels!.map((_, id) => examples.filter(({ label }) => label === id).length);
  const few = counts.findIndex((count) => count < 2);
  if (few >= 0 && kernel_solver.length > 0)
    throw new Error(
      `${where}: ${counts[few]} training inputs of ${labels![few]}, expected at least 2 for kernel classifiers`,
    );
}

function hashOf({ train, validation, test }: Examples): string {
  const hash = createHash("sha256");
  for (const { encodings, labels } of [train, validation, test])
    hash.update(JSON.stringify([encodings.map(({ ids, typeIds }) => [[...ids], [...typeIds]]), [...labels]]));
  return hash.digest("hex");
}
