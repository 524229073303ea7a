/** What every table reader gives, and the way from lines of fields to named columns. */
import { quote } from "./text.ts";

/** One record of a table. `line` is where it begins in the file, counted from 1. */
export interface Row {
  readonly line: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A table in the order of its file. Values are strings where the format has only text, else what JSON gives. */
export interface RowTable {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface ReadOptions {
  /** Names of the columns of a file without a header line; where absent, the first record is the header. */
  readonly columns?: readonly string[];
}

/** A record whose fields have no names yet. */
export interface FieldRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Names the fields of `records` by `options.columns`, or by the first record. No record at all is a table of no rows.
 * @throws Error `where:line: …` when a record's number of fields is not the header's, or a column is named twice.
 */
export function tableOf(records: Iterable<FieldRecord>, where: string, options: ReadOptions): RowTable {
  let columns = options.columns;
  const rows: Row[] = [];
  for (const { line, fields } of records) {
    if (columns === undefined) {
      columns = fields;
      refuseRepeated(columns, `${where}:${line}`);
      continue;
    }
    if (fields.length !== columns.length) {
      const expected = `expected ${columns.length} as in ${quote(columns.join(", "))}`;
      throw new Error(`${where}:${line}: the number of fields is ${fields.length}, ${expected}`);
    }
    rows.push({ line, values: Object.fromEntries(columns.map((column, i) => [column, fields[i]])) });
  }
  return { columns: columns ?? [], rows };
}

function refuseRepeated(columns: readonly string[], place: string): void {
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column)) throw new Error(`${place}: two columns named ${quote(column)}`);
    seen.add(column);
  }
}
