/** From the text of a file to the examples of a task. */
import type { Dataset, Example, Texts } from "../data/examples.ts";
import { firstCsvRecord } from "../formats/csv.ts";
import { readTsv } from "../formats/delimited.ts";
import type { Row, RowTable } from "../formats/rows.ts";
import { readRows } from "../formats/table.ts";
import { quote } from "../formats/text.ts";
import { readConversation } from "./chat.ts";
import { labelReader, labelText } from "./label.ts";
import { listed } from "./listed.ts";
import { worded } from "./prompt-completion.ts";
import type { TableForms, Task, TaskKind, TextColumns } from "./task.ts";

/** A file's name and its text. */
export interface Source {
  readonly where: string;
  readonly text: string;
}

export interface ReadExamples {
  /** Whether every example must have a label: it must where the task has label columns, unless `optional`. */
  readonly labels?: "required" | "optional";
}

/**
 * The rows of a file in one of the `forms` of a task: by the ending of its name, tab-separated where it has none, and
 * with the columns of the form where the file does not name them itself.
 * @throws Error beginning with the file, and the line where there is one, for what the readers of formats/ refuse.
 */
export function readTable({ where, text }: Source, forms: TableForms): RowTable {
  const read = /\.[^./\\]+$/.test(where) ? readRows : readTsv;
  const columns = unnamedColumns(where, text, forms);
  return read(text, where, columns ? { columns } : {});
}

function unnamedColumns(
  where: string,
  text: string,
  { headerless, textColumns, labelColumns }: TableForms,
): readonly string[] | undefined {
  const fields = /\.csv$/i.test(where) ? firstCsvRecord(text) : /^[^\r\n]*/.exec(text)![0].split("\t");
  const names = new Set([...textColumns.flat(), ...labelColumns]);
  if (fields.some((field) => names.has(field))) return undefined;
  return headerless.find((columns) => columns.length === fields.length);
}

/**
 * The examples of `task` in a file.
 * @throws Error beginning with the file, and the line where there is one, when it has no rows, lacks a column or a text,
 * or holds a label that the task does not know.
 */
export function readDataset(task: Task, source: Source, options: ReadExamples = {}): Dataset {
  return datasetOf(task, readTable(source, task), source.where, options);
}

/** As `readDataset`, of a table that is read already. */
export function datasetOf(task: Task, table: RowTable, where: string, options: ReadExamples = {}): Dataset {
  const { labels = task.labelColumns.length > 0 ? "required" : "optional" } = options;
  if (table.rows.length === 0) throw new Error(`${where}: no rows, expected at least one example`);
  const textColumns = textColumnsOf(task, table, where);
  const labelColumn = labelColumnOf(task, table);
  if (labelColumn === null && labels === "required") {
    throw new Error(`${where}: no label column ${task.labelColumns.join(" or ")}, found ${listed(table.columns)}`);
  }
  const readLabel = labelReader(task);
  const read = rowReaders[task.kind] ?? readTexts;
  const rows = labels === "required" ? labelledRows(task, table, labelColumn!, where) : table.rows;
  const examples = rows.map((row): Example => {
    const place = `${where}:${row.line}`;
    const label = labelColumn === null ? null : readLabel(row.values[labelColumn], place);
    if (label === null && labels === "required") throw new Error(`${place}: no label in column ${quote(labelColumn!)}`);
    return { line: row.line, ...read(row, textColumns, place), label };
  });
  return { where, examples };
}

/** The rows for which annotators found a label. */
function labelledRows({ unlabelled }: Task, { rows }: RowTable, column: string, where: string): readonly Row[] {
  if (unlabelled === undefined) return rows;
  const labelled = rows.filter(({ values }) => !unlabelled.includes(labelText(values[column]) ?? ""));
  if (labelled.length > 0) return labelled;
  throw new Error(`${where}: every label is one of ${listed(unlabelled)}, which stand for none`);
}

function textColumnsOf(task: Task, table: RowTable, where: string): TextColumns {
  const found = task.textColumns.find((columns) => columns.every((column) => table.columns.includes(column)));
  if (found) return found;
  const expected = task.textColumns.map((columns) => columns.join(" and ")).join(", or ");
  throw new Error(`${where}: no text in columns ${expected}, found ${listed(table.columns)}`);
}

function labelColumnOf(task: Task, table: RowTable): string | null {
  return task.labelColumns.find((column) => table.columns.includes(column)) ?? null;
}

type RowReader = (row: Row, columns: TextColumns, place: string) => Pick<Example, "texts" | "conversation">;

/** How a row is read where it is more than texts. */
const rowReaders: { readonly [K in TaskKind]?: RowReader } = {
  "prompt-completion": (row, columns, place) => {
    const { texts } = readPair(row, columns, place);
    return { texts: worded(columns[0], texts, row.values) };
  },
  "sequence-to-sequence": readPair,
  chat: ({ values }, [column], place) => {
    const conversation = readConversation(values[column], values["tools"], place);
    return { texts: [conversation.messages[0]!.content], conversation };
  },
};

function readTexts(row: Row, columns: TextColumns, place: string): { readonly texts: Texts } {
  const [first, second] = columns;
  const read = (column: string) => readText(row.values[column], column, place);
  return { texts: second === undefined ? [read(first)] : [read(first), read(second)] };
}

/** Two texts, of which the second is to be said. */
function readPair(row: Row, columns: TextColumns, place: string): { readonly texts: Texts } {
  const read = readTexts(row, columns, place);
  if (read.texts[1]?.trim() === "")
    throw new Error(`${place}: an empty text in column ${quote(columns[1]!)}, expected what is to be said`);
  return read;
}

function readText(value: unknown, column: string, place: string): string {
  if (typeof value === "string") return value;
  const met = value === undefined ? "nothing" : quote(JSON.stringify(value));
  throw new Error(`${place}: ${met} in column ${quote(column)}, expected a text`);
}
