/** JSON objects as rows: one on each line, or all of them in one array. */
import { elementReader } from "./json-array.ts";
import { isObject } from "./json.ts";
import { lineReader, notUtf8, type TextReader } from "./pieces.ts";
import { type ReadOptions, refuse, type Row, type RowTable } from "./rows.ts";
import { quote, withoutByteOrderMark } from "./text.ts";

/**
 * Reads one JSON object a line, skipping blank lines, or one JSON array of objects. The columns are all keys met, in the
 * order they are first met; a row has only its own. A line or an element that is no JSON object is bad.
 * @throws Error `where:line: …` for an array that is never closed, or text behind one.
 */
export function jsonReader(where: string, { onBadRow = refuse }: ReadOptions): TextReader<RowTable> {
  const columns = new Set<string>();
  const rows: Row[] = [];
  const take = (line: number, text: string, isSound: boolean, what = ""): void => {
    const complaint = (reason: string) => onBadRow(new Error(`${where}:${line}: ${reason}`));
    if (!isSound) return complaint(notUtf8);
    const parsed = parse(text);
    if ("reason" in parsed) return complaint(`malformed JSON (${parsed.reason}), ${expected}`);
    const { value } = parsed;
    if (!isObject(value)) return complaint(`${what}not a JSON object: ${quote(text)}, ${expected}`);
    for (const key of Object.keys(value)) columns.add(key);
    rows.push({ line, values: value });
  };
  const table = (): RowTable => ({ columns: [...columns], rows });
  const lines = (): TextReader<RowTable> =>
    lineReader(
      where,
      ({ number, text, isSound }) => {
        if (!isSound || text.trim() !== "") take(number, text.endsWith("\r") ? text.slice(0, -1) : text, isSound);
      },
      table,
    );
  const elements = (): TextReader<RowTable> =>
    elementReader(
      where,
      ({ line, text, isSound, index }) => take(line, text, isSound, `element ${index} of the array is `),
      table,
    );
  return byFirst((begin) => (begin.startsWith("[") ? elements() : lines()));
}

/** Reads a text that is there as a whole. @throws Error `where:line: …` for what {@link jsonReader} finds bad. */
export function readJsonl(text: string, where: string): RowTable {
  const reader = jsonReader(where, {});
  reader.take(withoutByteOrderMark(text), true);
  return reader.end();
}

const expected = "expected one object a line, or one array of objects";

type Parsed = { readonly value: unknown } | { readonly reason: string };

function parse(json: string): Parsed {
  try {
    return { value: JSON.parse(json) as unknown };
  } catch (error) {
    return { reason: error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : "" };
  }
}

/** The reader that is chosen by what a text begins with, blanks aside. */
function byFirst<T>(choose: (begin: string) => TextReader<T>): TextReader<T> {
  let reader: TextReader<T> | null = null;
  let blanks = "";
  return {
    take: (piece, isSound) => {
      if (reader === null) {
        blanks += piece;
        const begin = blanks.trimStart();
        if (begin === "" && isSound) return;
        reader = choose(begin);
        reader.take(blanks, isSound);
      } else reader.take(piece, isSound);
    },
    end: () => (reader ?? choose("")).end(),
  };
}
