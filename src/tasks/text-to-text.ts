/** Tasks that learn to give a text for another, which stand in two columns. */
import { requireColumns } from "./columns.ts";
import { listed } from "./listed.ts";
import { firstField, firstPair, type PairFields, recognised } from "./records.ts";
import { type ColumnOptions, type LanguageKind, languageModelling, type TaskDefinition } from "./task.ts";

/**
 * The task called `name`, of the first pair of columns that a file has, or of those given as text_column and label_column.
 * @param pairs the columns of what is read and of what is to be said, compared without regard to case
 * @param whole columns that hold both, taken where there is no pair
 */
export function textToText(
  name: LanguageKind,
  pairs: readonly PairFields[],
  whole: readonly string[] = [],
): TaskDefinition {
  return {
    name,
    kind: name,
    forms: { textColumns: [], labelColumns: [], headerless: [] },
    resolve: ({ columns }, where, options) => {
      const task = { name, ...languageModelling(name), labelColumns: [], headerless: [] };
      const pair = findPair(name, pairs, columns, where, options);
      if (pair) return { ...task, textColumns: [pair] };
      const both = options.labelColumn === undefined ? firstField(among(columns, options), whole) : undefined;
      if (both !== undefined) return { ...task, textColumns: [[both]] };
      const known = [...pairs.map((fields) => fields.join(" and ")), ...whole].join(", ");
      throw new Error(
        `${where}: no two columns of texts among ${listed(columns)}, expected ${known}, or a given text_column and label_column${recognised(columns)}`,
      );
    },
  };
}

/**
 * The columns of two texts: those that a person names, and for one that is not named the first of `pairs` that a file has.
 * @throws Error in one line when a column that is named is not there, or a text_pair_column is.
 */
export function findPair(
  task: string,
  pairs: readonly PairFields[],
  columns: readonly string[],
  where: string,
  { textColumn, textPairColumn, labelColumn }: ColumnOptions,
): PairFields | undefined {
  if (textPairColumn !== undefined)
    throw new Error(`${task}: a text_pair_column given, expected a text_column and a label_column`);
  requireColumns(
    columns,
    where,
    [textColumn, labelColumn].filter((column) => column !== undefined),
  );
  return firstPair(columns, pairs, { given: textColumn, wanted: labelColumn });
}

function among(columns: readonly string[], { textColumn }: ColumnOptions): readonly string[] {
  return textColumn === undefined ? columns : [textColumn];
}
