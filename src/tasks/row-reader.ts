/** How a row of a table becomes an example. */
import type { Example } from "../data/examples.ts";
import type { Row } from "../formats/rows.ts";
import type { Task, TextColumns } from "./task.ts";

/**
 * What an example has beside its line and its label; null where the row is to be left out.
 * @throws Error beginning with `place` for a cell that does not hold what it should.
 */
export type RowReader = (
  row: Row,
  columns: TextColumns,
  place: string,
  task: Task,
) => Omit<Example, "line" | "label"> | null;
