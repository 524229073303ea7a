/** Tables that are kept in one file or in several. */
import type { Dataset } from "../data/examples.ts";
import type { Row, RowTable } from "../formats/rows.ts";
import { listed } from "./listed.ts";
import { datasetOf, type ReadExamples } from "./read.ts";
import type { Task } from "./task.ts";

/** A table and the file that holds it. */
export interface NamedTable {
  readonly where: string;
  readonly table: RowTable;
}

/** The parts of one table in their order; one at least. `where` is a file, or the pattern of their names. */
export interface TableSet {
  readonly where: string;
  readonly parts: readonly NamedTable[];
}

/** All rows of a set. @throws Error in one line when a part has other columns than the first. */
export function wholeTable({ parts }: TableSet): RowTable {
  const [first, ...others] = parts as readonly [NamedTable, ...NamedTable[]];
  if (others.length === 0) return first.table;
  const { columns } = first.table;
  const odd = others.find(({ table }) => columns.some((column) => !table.columns.includes(column)));
  if (odd)
    throw new Error(
      `${odd.where}: columns ${listed(odd.table.columns)}, expected ${listed(columns)} as in ${first.where}`,
    );
  return { columns, rows: parts.flatMap(({ table }): readonly Row[] => table.rows) };
}

/** The examples of `task` in a set. What is wrong names its file; lines of several files are counted through. */
export function datasetOfSet(task: Task, { where, parts }: TableSet, options: ReadExamples = {}): Dataset {
  const datasets = parts.map((part) => datasetOf(task, part.table, part.where, options));
  if (datasets.length === 1) return datasets[0]!;
  let before = 0;
  const examples = datasets.flatMap(({ examples: own }, i) => {
    const counted = own.map((example) => ({ ...example, line: example.line + before }));
    before += parts[i]!.table.rows.at(-1)?.line ?? 0;
    return counted;
  });
  const leftOut = datasets.reduce((sum, dataset) => sum + (dataset.leftOut ?? 0), 0);
  return { where, examples, ...(leftOut > 0 && { leftOut }) };
}
