/**
 * Questions about a text that is given, answered by a part of it: SQuAD v1.1 (Rajpurkar et al. 2016), and v2.0 (Rajpurkar et al. 2018),
 * where a question may have no answer. In the columns of the Hugging Face hub, or with the answers in other forms, or in SQuAD's own files.
 */
import type { Span } from "../data/aligned-text.ts";
import type { Answering } from "../data/span-answers.ts";
import { isObject } from "../formats/json.ts";
import type { Row } from "../formats/rows.ts";
import { quote } from "../formats/text.ts";
import { textIn } from "./cells.ts";
import { givenTextColumns, withGivenColumns } from "./columns.ts";
import type { RowReader } from "./row-reader.ts";
import { type ColumnOptions, fixedTask, type Task, type TaskDefinition, type TextColumns } from "./task.ts";

export type SquadName = "squad" | "squad_v2";

/** A task of questions, and how its rows are read. */
export interface SquadTask extends TaskDefinition {
  readonly readRow: RowReader;
}

export const squad: { readonly [name in SquadName]: SquadTask } = {
  squad: squadTask("squad"),
  squad_v2: squadTask("squad_v2"),
};

/** The settings of answering that a person can choose, by the names of run_qa.py. */
export type AnsweringSettings = Omit<Answering, "metric">;

/** The task with these settings, where it is of questions about a text; else as it is. */
export function withAnswering(
  task: Task,
  { doc_stride, n_best_size, max_answer_length, null_score_diff_threshold }: AnsweringSettings,
): Task {
  if (task.answering === undefined) return task;
  const settings = { doc_stride, n_best_size, max_answer_length, null_score_diff_threshold };
  return { ...task, answering: { ...task.answering, ...settings } };
}

function squadTask(name: SquadName): SquadTask {
  const forms = {
    textColumns: [["question", "context"]] as const,
    labelColumns: ["answers"],
    headerless: [],
    nested: "squad" as const,
  };
  const answering: Answering = {
    metric: name,
    doc_stride: null,
    n_best_size: 20,
    max_answer_length: 30,
    null_score_diff_threshold: 0,
  };
  const task: Task = {
    ...forms,
    name,
    kind: "question-answering",
    labels: null,
    labelIds: false,
    metrics: [],
    metricForBest: "f1",
    answering,
  };
  const definition = fixedTask(task, forms, (options) => {
    checkColumns(name, options);
    return withGivenColumns(task, options);
  });
  return { ...definition, readRow };
}

function checkColumns(name: string, options: ColumnOptions): void {
  const given = givenTextColumns(options);
  if (given && given.length !== 2)
    throw new Error(`${name}: a text_column alone, expected it of the question and a text_pair_column of the context`);
  if (options.regression !== undefined) throw new Error(`${name}: regression ${options.regression} asked for`);
}

/** A question and its context; the accepted answers too where the task has a column of them. */
function readRow(
  { values }: Row,
  [question, context = "context"]: TextColumns,
  place: string,
  { name, labelColumns }: Task,
): ReturnType<RowReader> {
  const texts = [textIn(values, question, place), textIn(values, context, place)] as const;
  const id = values["id"];
  const named = { texts, ...((typeof id === "string" || typeof id === "number") && { id: String(id) }) };
  const column = labelColumns.find((answers) => values[answers] !== undefined);
  if (column === undefined) {
    if (labelColumns.length === 0) return named;
    throw new Error(`${place}: nothing in column ${quote(labelColumns.join(" or "))}, expected answers`);
  }
  const answers = answersIn(values, column, place);
  if (answers.length === 0 && name === "squad")
    throw new Error(`${place}: no answer in column ${quote(column)}, expected one at least (squad_v2 asks without)`);
  const answer = answers.length === 0 ? null : placeOf(answers, texts[1], place);
  return { ...named, references: answers.map(({ text }) => text), answer };
}

interface Answer {
  readonly text: string;
  /** Where it begins in the context, in characters (code points); null where the data does not say. */
  readonly start: number | null;
}

/**
 * The accepted answers of a cell: `{text: […], answer_start: […]}`, a list of `{text, answer_start}` or of texts, or one text. A text of
 * JSON is read as what it holds. Empty texts are no answers.
 */
function answersIn(values: Row["values"], column: string, place: string): Answer[] {
  const value = parsed(values[column]);
  const answers = typeof value === "string" ? [value] : listOf(value);
  const read = answers?.map(answerIn) ?? [null];
  const known = read.filter((answer) => answer !== null);
  if (known.length === read.length) return known.filter(({ text }) => text !== "");
  throw new Error(
    `${place}: ${quote(JSON.stringify(value))} in column ${quote(column)}, expected answers: texts, with answer_start of each where it is known`,
  );
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** One value for each answer; null for what holds none. */
function listOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return null;
  const { text, answer_start: starts = [] } = value;
  if (typeof text === "string") return [value];
  if (!Array.isArray(text) || !Array.isArray(starts)) return null;
  if (starts.length !== 0 && starts.length !== text.length) return null;
  return text.map((one, i) => ({ text: one, answer_start: starts[i] }));
}

function answerIn(value: unknown): Answer | null {
  if (typeof value === "string") return { text: value, start: null };
  if (!isObject(value)) return null;
  const { text, answer_start: start = null } = value;
  const isPlace = start === null || (Number.isSafeInteger(start) && Number(start) >= 0);
  return typeof text === "string" && isPlace ? { text, start: start === null ? null : Number(start) } : null;
}

/**
 * Where the first answer stands in the context, in UTF-16 units. Of answers whose place is not known it is the first that occurs there.
 * @throws Error beginning with `place` when it does not stand where the data says, or none occurs.
 */
function placeOf(answers: readonly Answer[], context: string, place: string): Span {
  const [first] = answers;
  if (first!.start !== null) {
    const begin = unitsOf(context, first!.start);
    if (context.startsWith(first!.text, begin)) return { begin, end: begin + first!.text.length };
    const there = context.slice(begin, begin + first!.text.length);
    throw new Error(
      `${place}: the answer ${quote(first!.text)} is not at answer_start ${first!.start} of the context, where ${quote(there)} stands`,
    );
  }
  const places = answers.map(({ text }) => ({ begin: context.indexOf(text), length: text.length }));
  const found = places.find(({ begin }) => begin >= 0);
  if (found) return { begin: found.begin, end: found.begin + found.length };
  throw new Error(`${place}: the answer ${quote(first!.text)} does not occur in the context`);
}

/** A count of characters at the beginning of `text` as UTF-16 units, of which those above U+FFFF are two. */
function unitsOf(text: string, characters: number): number {
  if (!/[\ud800-\udbff]/.test(text.slice(0, characters))) return characters;
  let units = 0;
  for (let i = 0; i < characters && units < text.length; i++) units += text.codePointAt(units)! > 0xffff ? 2 : 1;
  return units;
}
