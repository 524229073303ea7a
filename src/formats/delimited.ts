/** Tab-separated values as GLUE writes them: a quote is a character like any other. */
import { lineReader, notUtf8, type TextReader } from "./pieces.ts";
import { fieldTable, type ReadOptions, type RowTable } from "./rows.ts";

/**
 * Reads records that end at a newline and fields that end at a tab, neither quoted nor trimmed; a carriage return before
 * the newline is dropped, and the last record may lack its newline. A record whose number of fields is not the header's is bad.
 */
export function tsvReader(where: string, options: ReadOptions): TextReader<RowTable> {
  const table = fieldTable(where, options);
  const take = (line: number, text: string): void => table.take(line, text.split("\t"));
  return lineReader(
    where,
    ({ number, text, isSound }) => {
      if (!isSound) table.bad(number, notUtf8);
      else take(number, text.endsWith("\r") ? text.slice(0, -1) : text);
    },
    table.end,
  );
}
