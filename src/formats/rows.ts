/** What every table reader gives, and the way from lines of fields to named columns. */
import { quote } from "./text.ts";

/** One record of a table. `line` is where it begins in the file, counted from 1; of a file without lines, which record it is. */
export interface Row {
  readonly line: number;
  readonly values: Readonly<Record<string, unknown>>;
}

/** A table in the order of its file. Values are strings where the format has only text, else what JSON gives. */
export interface RowTable {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/**
 * What is done about a row that cannot be read while those around it can: it throws, or lets the reader go on with the next.
 * The error says `where:line: what was met, what was expected`.
 */
export type OnBadRow = (reason: Error) => void;

/** Ends the reading at the first bad row. */
export const refuse: OnBadRow = (reason) => {
  throw reason;
};

export interface ReadOptions {
  /**
   * The columns of a file without a header line, given the fields of its first record; undefined where that record is the
   * header, as it is unless this is given.
   */
  readonly headerless?: (first: readonly string[]) => readonly string[] | undefined;
  /** {@link refuse} unless given. */
  readonly onBadRow?: OnBadRow;
}

/** Gathers records whose fields have no names yet. */
export interface FieldTable {
  take(line: number, fields: readonly string[]): void;
  /** A record that cannot be read; the header must be. */
  bad(line: number, reason: string): void;
  end(): RowTable;
}

/** Names fields as {@link ReadOptions} say. No record at all is a table of no rows. */
export function fieldTable(where: string, { headerless, onBadRow = refuse }: ReadOptions): FieldTable {
  let columns: readonly string[] | undefined;
  const rows: Row[] = [];
  const bad = (line: number, reason: string): void => {
    const complaint = new Error(`${where}:${line}: ${reason}`);
    if (columns === undefined) throw complaint;
    onBadRow(complaint);
  };
  return {
    take: (line, fields) => {
      if (columns === undefined) {
        columns = headerless?.(fields);
        if (columns === undefined) {
          refuseRepeated(fields, `${where}:${line}`);
          columns = fields;
          return;
        }
      }
      if (fields.length === columns.length) rows.push({ line, values: named(columns, fields) });
      else {
        const expected = `expected ${columns.length} as in ${quote(columns.join(", "))}`;
        bad(line, `the number of fields is ${fields.length}, ${expected}`);
      }
    },
    bad,
    end: () => ({ columns: columns ?? [], rows }),
  };
}

function named(columns: readonly string[], fields: readonly string[]): Row["values"] {
  return Object.fromEntries(columns.map((column, i) => [column, fields[i]]));
}

function refuseRepeated(columns: readonly string[], place: string): void {
  const seen = new Set<string>();
  for (const column of columns) {
    if (seen.has(column)) throw new Error(`${place}: two columns named ${quote(column)}`);
    seen.add(column);
  }
}
