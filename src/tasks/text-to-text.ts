/** Tasks that learn to give a text for another, which stand in two columns. */
import { requireColumns } from "./columns.ts";
import { listed } from "./listed.ts";
import { type LanguageKind, languageModelling, type TaskDefinition } from "./task.ts";

/**
 * The task called `name`, of the first pair of columns that a file has, or of those given as text_column and label_column.
 * @param pairs the columns of what is read and of what is to be said, compared without regard to case
 */
export function textToText(
  name: LanguageKind,
  pairs: readonly (readonly [given: string, wanted: string])[],
): TaskDefinition {
  return {
    name,
    kind: name,
    forms: { textColumns: [], labelColumns: [], headerless: [] },
    resolve: ({ columns }, where, { textColumn, textPairColumn, labelColumn }) => {
      if (textPairColumn !== undefined)
        throw new Error(`${name}: a text_pair_column given, expected a text_column and a label_column`);
      requireColumns(
        columns,
        where,
        [textColumn, labelColumn].filter((column) => column !== undefined),
      );
      const found = pairs
        .map(
          ([given, wanted]) => [textColumn ?? byName(columns, given), labelColumn ?? byName(columns, wanted)] as const,
        )
        .find(([given, wanted]) => given !== undefined && wanted !== undefined && given !== wanted);
      const [given, wanted] = found ?? [textColumn, labelColumn];
      if (given === undefined || wanted === undefined || given === wanted) {
        const known = pairs.map((pair) => pair.join(" and ")).join(", ");
        throw new Error(
          `${where}: no two columns of texts among ${listed(columns)}, expected ${known}, or a given text_column and label_column`,
        );
      }
      return { name, ...languageModelling(name), textColumns: [[given, wanted]], labelColumns: [], headerless: [] };
    },
  };
}

function byName(columns: readonly string[], name: string): string | undefined {
  return columns.find((column) => column.toLowerCase() === name);
}
