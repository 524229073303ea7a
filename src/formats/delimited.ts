/** Tab-separated values as GLUE writes them: a quote is a character like any other. */
import { type FieldRecord, type ReadOptions, type RowTable, tableOf } from "./rows.ts";
import { withoutByteOrderMark } from "./text.ts";

/**
 * Reads records that end at a newline and fields that end at a tab, neither quoted nor trimmed; a carriage return before
 * the newline is dropped, and the last record may lack its newline.
 * @throws Error `where:line: …` when a record's number of fields is not the header's.
 */
export function readTsv(text: string, where: string, options: ReadOptions = {}): RowTable {
  return tableOf(records(withoutByteOrderMark(text)), where, options);
}

function* records(text: string): Generator<FieldRecord> {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  for (const [i, line] of lines.entries()) yield { line: i + 1, fields: line.split("\t") };
}
