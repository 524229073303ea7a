/** The table readers by the ending of a file's name. */
import { csvReader } from "./csv.ts";
import { tsvReader } from "./delimited.ts";
import { jsonReader } from "./jsonl.ts";
import { paragraphReader } from "./paragraphs.ts";
import { readParquet } from "./parquet.ts";
import { type TextReader, utf8Reader } from "./pieces.ts";
import type { ReadOptions, RowTable } from "./rows.ts";
import { withoutByteOrderMark } from "./text.ts";

type TextForm = (where: string, options: ReadOptions) => TextReader<RowTable>;

/**
 * File ending → reader of its text; without an ending it is tab-separated. Those of JSON and plain text name their columns
 * themselves: every object carries its own, paragraphs are in the column `text`.
 */
const textForms: Readonly<Record<string, TextForm>> = {
  ".tsv": tsvReader,
  ".csv": csvReader,
  ".jsonl": jsonReader,
  ".json": jsonReader,
  ".txt": paragraphReader,
  "": tsvReader,
};

const PARQUET = ".parquet";

/** The endings of files that hold tables, none among them. */
export const endings: readonly string[] = [".tsv", ".csv", ".jsonl", ".json", ".txt", PARQUET, ""];

/** The bytes of a file, any part at any time. */
export interface TableFile {
  readonly where: string;
  readonly byteLength: number;
  slice(begin: number, end?: number): Promise<ArrayBuffer>;
}

/** How much of a text is read at once. */
const CHUNK = 2 ** 22;

/**
 * Reads the table in a file by the ending of its name. What is kept is the rows; a text is never whole in memory, and may be longer
 * than a string can be.
 * @param chunkBytes how much of a text is read at once
 * @throws Error in one line for an ending without a reader, and for what the reader refuses.
 */
export async function readTableFile(
  file: TableFile,
  options: ReadOptions = {},
  chunkBytes: number = CHUNK,
): Promise<RowTable> {
  if (endingOf(file.where) === PARQUET) return readParquet(file, file.where);
  const reader = utf8Reader(textReader(file.where, options));
  for (let begin = 0; begin < file.byteLength; begin += chunkBytes) {
    const end = Math.min(begin + chunkBytes, file.byteLength);
    reader.take(new Uint8Array(await file.slice(begin, end)));
  }
  return reader.end();
}

/**
 * Reads a table from its text, by the ending of the file's name. An empty file, or one of only a header, has no rows.
 * @throws Error as {@link readTableFile}.
 */
export function readRows(text: string, where: string, options: ReadOptions = {}): RowTable {
  const reader = textReader(where, options);
  reader.take(withoutByteOrderMark(text), true);
  return reader.end();
}

function textReader(where: string, options: ReadOptions): TextReader<RowTable> {
  const ending = endingOf(where);
  if (Object.hasOwn(textForms, ending)) return textForms[ending]!(where, options);
  const known = endings.filter((name) => name !== "").join(", ");
  throw new Error(`${where}: unknown file ending ${JSON.stringify(ending)}, expected one of ${known}`);
}

function endingOf(where: string): string {
  return /[^/\\](\.[^./\\]*)$/.exec(where)?.[1]!.toLowerCase() ?? "";
}
