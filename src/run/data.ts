/** The examples of a run: found in a folder or a file, read as the task says, split where there is no validation file. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset, Example } from "../data/examples.ts";
import { type OnBadRow, refuse, type RowTable } from "../formats/rows.ts";
import { type BadRows, badRowTally } from "../tasks/bad-rows.ts";
import { findLabelColumn, findTextColumns, withGivenColumns } from "../tasks/columns.ts";
import { listed } from "../tasks/listed.ts";
import { asPrompt } from "../tasks/prompts.ts";
import { openTables, taskNamed } from "../tasks/registry.ts";
import { findSplits } from "../tasks/splits.ts";
import { withAnswering } from "../tasks/squad.ts";
import { datasetOfSet, wholeTable } from "../tasks/table-set.ts";
import type { ColumnOptions, Task } from "../tasks/task.ts";
import { random } from "../tensor/random.ts";
import type { TrainConfig } from "./config.ts";
import { fileOrder, relabel } from "./label-order.ts";
import { filesIn, readTables } from "./table-files.ts";
import { isLabelled } from "./task-kinds.ts";

export interface RunData {
  readonly task: Task;
  readonly train: Dataset;
  readonly validation: Dataset;
  /** Data scored once at the end: MNLI's mismatched genres. */
  readonly extra: readonly Dataset[];
  /** Of all files, the rows that were skipped. */
  readonly badRows: BadRows;
}

interface Files {
  readonly train: string;
  readonly validation: string | null;
  readonly mismatched: string | null;
}

/**
 * Reads the data of a run.
 * @throws Error in one line naming the file, and the line where there is one.
 */
export async function readRunData(config: TrainConfig): Promise<RunData> {
  refusePromptless(config);
  const files = await locate(config);
  const [columns, badRows] = [columnsOf(config), badRowTally(config.on_bad_row)];
  const onBadRow = badRows.take;
  const forms = withGivenColumns(taskNamed(config.task).forms, columns);
  const table = await readTables(files.train, forms, onBadRow);
  const { task: plain, training } = openTables(config.task, table, columns, { onBadRow });
  const task = withAnswering(config.prompt ? asPrompt(plain, config) : plain, config);
  const capped = { ...training, examples: training.examples.slice(0, config.max_train_samples ?? undefined) };
  const read = async (file: string) => datasetOfSet(task, await readTables(file, task, onBadRow), { onBadRow });
  const { train, validation } =
    files.validation === null ? holdOut(capped, config) : { train: capped, validation: await read(files.validation) };
  const extra = files.mismatched === null ? [] : [await read(files.mismatched)];
  return {
    task,
    train,
    validation: { ...validation, examples: validation.examples.slice(0, config.max_eval_samples ?? undefined) },
    extra,
    badRows: badRows.skipped(),
  };
}

export interface ReadTaskFile {
  /** `ignored` reads no labels: there are none, or they are to be predicted. */
  readonly labels?: "required" | "ignored";
  readonly columns?: ColumnOptions;
  /** What is done about a row that is no example; it is refused unless given. */
  readonly onBadRow?: OnBadRow | undefined;
}

/**
 * Reads one more file of a task that is known. Its columns are the task's own, or those that `columns` names; a task
 * without any, a plain checkpoint's, finds them in the file by their names.
 * @throws Error in one line naming the file, and the line where there is one.
 */
export async function readTaskFile(
  task: Task,
  path: string,
  { labels = "required", columns = {}, onBadRow = refuse }: ReadTaskFile = {},
): Promise<Dataset> {
  const named = withGivenColumns(task, columns);
  const tables = await readTables(path, named, onBadRow);
  const table = wholeTable(tables);
  const located = locateColumns(task, named, table, path, labels, columns);
  if (labels === "ignored")
    return datasetOfSet({ ...located, labelColumns: [] }, tables, { labels: "optional", onBadRow });
  const order = fileOrder(task);
  const dataset = datasetOfSet({ ...located, labels: order }, tables, { onBadRow });
  return order && task.labels ? relabel(dataset, order, task.labels) : dataset;
}

function locateColumns(
  task: Task,
  named: Task,
  table: RowTable,
  where: string,
  labels: "required" | "ignored",
  columns: ColumnOptions,
): Task {
  const isKnown = task.textColumns.length > 0;
  if (!isLabelled(task.kind))
    return isKnown && Object.keys(columns).length === 0 ? task : taskNamed(task.name).resolve(table, where, columns);
  if (isKnown) return named;
  const text = findTextColumns(table.columns, where, columns);
  const rest = table.columns.filter((name) => !(text as readonly string[]).includes(name));
  const labelColumns = labels === "ignored" ? [] : [findLabelColumn(rest, where, columns)];
  return { ...task, textColumns: [text], labelColumns };
}

/** The file to evaluate on: the one named, or the validation file of a folder. */
export async function validationFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return path;
  const names = await filesIn(path);
  const { validation } = findSplits(names);
  if (validation !== null) return join(path, validation);
  throw new Error(
    `${path}: no validation file (validation.tsv, dev.csv, val.jsonl, …), found ${listed(names) || "nothing"}`,
  );
}

async function locate({ data, validation_file: validation }: TrainConfig): Promise<Files> {
  const found = await stat(data).catch(() => null);
  if (found === null && !data.includes("*")) throw new Error(`--data: no such file or folder: ${data}`);
  if (!found?.isDirectory()) return { train: data, validation, mismatched: null };
  const names = await filesIn(data);
  const splits = findSplits(names);
  if (splits.train === null)
    throw new Error(
      `--data: ${data} has no training file (train.tsv, train.csv, train.jsonl, train.parquet, train.txt), found ${listed(names) || "nothing"}`,
    );
  const path = (name: string | null) => name && join(data, name);
  return {
    train: join(data, splits.train),
    validation: validation ?? path(splits.validation),
    mismatched: path(splits.validationMismatched),
  };
}

function columnsOf({ text_column, text_pair_column, label_column, regression }: TrainConfig): ColumnOptions {
  return {
    ...(text_column !== null && { textColumn: text_column }),
    ...(text_pair_column !== null && { textPairColumn: text_pair_column }),
    ...(label_column !== null && { labelColumn: label_column }),
    ...(regression !== null && { regression }),
  };
}

function refusePromptless({ prompt, template, mapping }: TrainConfig): void {
  const given = Object.entries({ template, mapping }).find(([, value]) => value !== null);
  if (given && !prompt) throw new Error(`${given[0]}: given without prompt, expected both or neither`);
}

/** Holds out a random share of the examples: at least one, and never all. */
function holdOut(
  data: Dataset,
  { validation_split: share, seed }: TrainConfig,
): { train: Dataset; validation: Dataset } {
  const { examples } = data;
  if (examples.length < 2)
    throw new Error(`${data.where}: ${examples.length} examples, expected at least 2 to hold one out for validation`);
  const count = Math.min(examples.length - 1, Math.max(1, Math.round(share * examples.length)));
  const held = new Set(random(seed, "validation split").permutation(examples.length).slice(0, count));
  const part = (isHeld: boolean): Example[] => examples.filter((_, i) => held.has(i) === isHeld);
  return { train: { ...data, examples: part(false) }, validation: { ...data, examples: part(true) } };
}
