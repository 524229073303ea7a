/** Finding the columns of texts and labels by the names people give them. */
import { unknownName } from "../errors/unknown-name.ts";
import { listed } from "./listed.ts";
import { recognised } from "./records.ts";
import type { ColumnOptions, TableForms, TextColumns } from "./task.ts";

/** In order of preference, compared without regard to case. A pair is preferred to a single text. */
const textNames: readonly TextColumns[] = [
  ["sentence1", "sentence2"],
  ["premise", "hypothesis"],
  ["question1", "question2"],
  ["text_a", "text_b"],
  ["text1", "text2"],
  ["text", "text_pair"],
  ["question", "sentence"],
  ["question", "passage"],
  ["question", "context"],
  ["question", "answer"],
  ["query", "passage"],
  ["query", "document"],
  ["sentence"],
  ["text"],
  ["review"],
  ["content"],
  ["document"],
  ["comment"],
  ["tweet"],
  ["message"],
  ["question"],
  ["query"],
];

/** In order of preference, compared without regard to case. */
const labelNames: readonly string[] = [
  "label",
  "labels",
  "gold_label",
  "target",
  "class",
  "category",
  "sentiment",
  "intent",
  "score",
  "rating",
  "stars",
  "similarity",
];

/**
 * The text columns that `options` name, or null when they name none.
 * @throws Error when only the second of a pair is named.
 */
export function givenTextColumns({ textColumn, textPairColumn }: ColumnOptions): TextColumns | null {
  if (textColumn === undefined && textPairColumn !== undefined) {
    throw new Error(`text_pair_column: "${textPairColumn}" is given without a text_column, expected both`);
  }
  if (textColumn === undefined) return null;
  return textPairColumn === undefined ? [textColumn] : [textColumn, textPairColumn];
}

/** `forms` with the columns that `options` name in place of its own. */
export function withGivenColumns<F extends TableForms>(forms: F, options: ColumnOptions): F {
  const text = givenTextColumns(options);
  const { labelColumn } = options;
  return {
    ...forms,
    ...(text && { textColumns: [text] }),
    ...(labelColumn !== undefined && { labelColumns: [labelColumn] }),
  };
}

/**
 * The text columns among the `columns` of the file `where`: those that `options` name, else the first usual ones.
 * @throws Error when a named column is not there, or none has a usual name.
 */
export function findTextColumns(columns: readonly string[], where: string, options: ColumnOptions = {}): TextColumns {
  const given = givenTextColumns(options);
  if (given) {
    requireColumns(columns, where, given);
    return given;
  }
  const rest = columns.filter((column) => column !== options.labelColumn);
  for (const [first, second] of textNames) {
    const found = byName(rest, first);
    const other = second === undefined ? undefined : byName(rest, second);
    if (found !== undefined && second === undefined) return [found];
    if (found !== undefined && other !== undefined) return [found, other];
  }
  const usual = [...new Set(textNames.flat())].join(", ");
  throw new Error(
    `${where}: no column of text among ${listed(rest)}, expected one named ${usual}, or a given text_column${recognised(columns)}`,
  );
}

/**
 * The label column among the `columns` of the file `where` that hold no text: the one that `options` name, else the
 * first usual one.
 * @throws Error when the named column is not there, or none has a usual name.
 */
export function findLabelColumn(columns: readonly string[], where: string, options: ColumnOptions = {}): string {
  if (options.labelColumn !== undefined) {
    requireColumns(columns, where, [options.labelColumn]);
    return options.labelColumn;
  }
  const found = labelNames.map((name) => byName(columns, name)).find((column) => column !== undefined);
  if (found !== undefined) return found;
  const usual = labelNames.join(", ");
  throw new Error(
    `${where}: no column of labels among ${listed(columns)}, expected one named ${usual}, or a given label_column`,
  );
}

function byName(columns: readonly string[], name: string): string | undefined {
  return columns.find((column) => column.toLowerCase() === name);
}

/** @throws Error with the nearest names when one of `required` is not among the `columns` of the file `where`. */
export function requireColumns(columns: readonly string[], where: string, required: readonly string[]): void {
  const missing = required.find((column) => !columns.includes(column));
  if (missing !== undefined) throw unknownName(`${where}: no column`, missing, columns);
}
