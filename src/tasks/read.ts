/** From the text of a file to the examples of a task. */
import type { Dataset, Example, Texts } from "../data/examples.ts";
import { type OnBadRow, type ReadOptions, refuse, type Row, type RowTable } from "../formats/rows.ts";
import { readRows } from "../formats/table.ts";
import { quote } from "../formats/text.ts";
import { readConversation } from "./chat.ts";
import { commonsense } from "./commonsense.ts";
import { conversationOf, exchangeOf } from "./exchanges.ts";
import { labelReader, labelText } from "./label.ts";
import { listed } from "./listed.ts";
import { mathematics } from "./mathematics.ts";
import { worded } from "./prompt-completion.ts";
import type { RowReader } from "./row-reader.ts";
import { squad } from "./squad.ts";
import { questionRows } from "./squad-articles.ts";
import { summarization } from "./summarization.ts";
import type { TableForms, Task, TaskKind, TextColumns } from "./task.ts";

/** A file's name and its text. */
export interface Source {
  readonly where: string;
  readonly text: string;
}

export interface ReadExamples {
  /** Whether every example must have a label: it must where the task has label columns, unless `optional`. */
  readonly labels?: "required" | "optional";
  /** What is done about a row that is no example; it is refused unless given. */
  readonly onBadRow?: OnBadRow;
}

/**
 * The rows of a file in one of the `forms` of a task: by the ending of its name, tab-separated where it has none, and
 * with the columns of the form where the file does not name them itself.
 * @throws Error beginning with the file, and the line where there is one, for what the readers of formats/ refuse.
 */
export function readTable({ where, text }: Source, forms: TableForms, onBadRow?: OnBadRow): RowTable {
  return questionRows(readRows(text, where, tableOptions(forms, onBadRow)), where, forms, onBadRow);
}

/** How a file in one of the `forms` of a task is read. */
export function tableOptions(
  { headerless, textColumns, labelColumns }: TableForms,
  onBadRow: OnBadRow = refuse,
): ReadOptions {
  const names = new Set([...textColumns.flat(), ...labelColumns]);
  return {
    headerless: (first) =>
      first.some((field) => names.has(field)) ? undefined : headerless.find(({ length }) => length === first.length),
    onBadRow,
  };
}

/**
 * The examples of `task` in a file.
 * @throws Error beginning with the file, and the line where there is one, when it has no rows, lacks a column or a text,
 * or holds a label that the task does not know.
 */
export function readDataset(task: Task, source: Source, options: ReadExamples = {}): Dataset {
  return datasetOf(task, readTable(source, task, options.onBadRow), source.where, options);
}

/** As `readDataset`, of a table that is read already. */
export function datasetOf(task: Task, table: RowTable, where: string, options: ReadExamples = {}): Dataset {
  const { labels = task.labelColumns.length > 0 ? "required" : "optional", onBadRow = refuse } = options;
  if (table.rows.length === 0) throw new Error(`${where}: no rows, expected at least one example`);
  const textColumns = textColumnsOf(task, table, where);
  const labelColumn = labelColumnOf(task, table);
  if (labelColumn === null && labels === "required") {
    throw new Error(`${where}: no label column ${task.labelColumns.join(" or ")}, found ${listed(table.columns)}`);
  }
  // Answers stand in the place of labels, but the row's own reader reads them.
  const isAnswered = task.kind === "question-answering";
  const readLabel = labelReader(task);
  const read = readerOf(task);
  const rows = labels === "required" ? labelledRows(task, table, labelColumn!, where) : table.rows;
  const all = ofEach(rows, where, onBadRow, (row, place): Example | null => {
    const label = labelColumn === null || isAnswered ? null : readLabel(row.values[labelColumn], place);
    if (label === null && labels === "required" && !isAnswered)
      throw new Error(`${place}: no label in column ${quote(labelColumn!)}`);
    const made = read(row, textColumns, place, task);
    return made && { line: row.line, ...made, label };
  });
  const examples = all.filter((example) => example !== null);
  if (examples.length === 0) {
    const why = all.length > 0 ? "no row has texts on both sides" : "all rows are bad";
    throw new Error(`${where}: ${why}, expected at least one example`);
  }
  const leftOut = all.length - examples.length;
  return { where, examples, ...(leftOut > 0 && { leftOut }) };
}

/** What `make` makes of each row but the bad ones, of which it throws an Error that begins with their place. */
function ofEach<T>(rows: readonly Row[], where: string, onBadRow: OnBadRow, make: (row: Row, place: string) => T): T[] {
  const made: T[] = [];
  for (const row of rows) {
    const place = `${where}:${row.line}`;
    try {
      made.push(make(row, place));
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith(`${place}: `))) throw error;
      onBadRow(error);
    }
  }
  return made;
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

/** Tasks that read rows in a way of their own. */
const ownTasks: Readonly<Record<string, { readonly readRow: RowReader }>> = {
  ...commonsense,
  ...mathematics,
  ...summarization,
  ...squad,
};

function readerOf({ name, kind }: Task): RowReader {
  const own = Object.hasOwn(ownTasks, name) ? ownTasks[name] : undefined;
  return own?.readRow ?? rowReaders[kind] ?? readTexts;
}

/** How a row is read where it is more than texts. */
const rowReaders: { readonly [K in TaskKind]?: RowReader } = {
  "prompt-completion": (row, columns, place) => {
    const [given, wanted] = columns;
    if (wanted === undefined) return { texts: exchangeOf(readConversation(row.values[given], null, place), place) };
    if (Array.isArray(row.values[wanted]))
      return { texts: exchangeOf(conversationOf(row.values, [given, wanted], place), place) };
    const { texts } = readPair(row, columns, place);
    return { texts: worded(given, texts, row.values) };
  },
  "sequence-to-sequence": readPair,
  chat: ({ values }, [column, wanted], place) => {
    const conversation =
      wanted === undefined
        ? readConversation(values[column], values["tools"], place)
        : conversationOf(values, [column, wanted], place);
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
