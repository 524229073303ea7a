/** The table readers by the ending of a file's name. */
import { readCsv } from "./csv.ts";
import { readTsv } from "./delimited.ts";
import { readJsonl } from "./jsonl.ts";
import { readParagraphs } from "./paragraphs.ts";
import type { ReadOptions, RowTable } from "./rows.ts";

type Reader = (text: string, where: string, options?: ReadOptions) => RowTable;

/** File ending → reader. The JSON readers need no column names: every row carries its own; plain text has one column, `text`. */
export const readers: Readonly<Record<string, Reader>> = {
  ".tsv": readTsv,
  ".csv": readCsv,
  ".jsonl": readJsonl,
  ".json": readJsonl,
  ".txt": readParagraphs,
};

/**
 * Reads the text of the file named `where` by its ending. An empty file, or one of only a header, has no rows.
 * @throws Error `where: …` for an ending without a reader, `where:line: …` for what the reader refuses.
 */
export function readRows(text: string, where: string, options: ReadOptions = {}): RowTable {
  const ending = /\.[^./\\]*$/.exec(where)?.[0].toLowerCase() ?? "";
  const reader = readers[ending];
  if (!reader) {
    const known = Object.keys(readers).join(", ");
    throw new Error(`${where}: unknown file ending ${JSON.stringify(ending)}, expected one of ${known}`);
  }
  return reader(text, where, options);
}
