/** Labels that stand in a file of their own, one on each line. */
import type { RowTable } from "../formats/rows.ts";
import type { TableForms } from "./task.ts";

/** The column that such labels become. */
const column = "label";

/** The name of the file of labels that belongs to the table `where`; null where the task knows none. */
export function labelFileOf(where: string, { labelFile }: Pick<TableForms, "labelFile">): string | null {
  return labelFile === undefined ? null : where.replace(/\.[^./\\]+$/, "") + labelFile;
}

/**
 * The table `where` with the labels of the file `labelsWhere`; as it is where it has labels itself.
 * @throws Error when there are not as many labels as rows.
 */
export function withLabels(table: RowTable, where: string, labels: string, labelsWhere: string): RowTable {
  if (table.columns.includes(column)) return table;
  const lines = labels.trimEnd().split(/\r?\n/);
  const { rows } = table;
  if (lines.length !== rows.length)
    throw new Error(
      `${labelsWhere}: ${lines.length} labels, expected one for each of the ${rows.length} rows of ${where}`,
    );
  return {
    columns: [...table.columns, column],
    rows: rows.map((row, i) => ({ ...row, values: { ...row.values, [column]: lines[i]!.trim() } })),
  };
}
