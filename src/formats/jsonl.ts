/** JSON objects as rows: one on each line, or all of them in one array, or one alone over several lines. */
import { elementReader } from "./json-array.ts";
import { isObject } from "./json.ts";
import { lineReader, notUtf8, refuseLong, type TextReader } from "./pieces.ts";
import { type ReadOptions, refuse, type Row, type RowTable } from "./rows.ts";
import { quote, withoutByteOrderMark } from "./text.ts";

/**
 * Reads one JSON object a line, skipping blank lines, or one JSON array of objects. The columns are all keys met, in the
 * order they are first met; a row has only its own. A line or an element that is no JSON object is bad. Where the first line is a brace
 * alone, the whole text is one object.
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
  return byFirst((begin, isAll) => {
    if (begin.startsWith("[")) return elements();
    if (/^\{[^\S\n]*\n/.test(begin)) return wholeReader(where, take, table);
    return begin.trimEnd() !== "{" || isAll ? lines() : null;
  });
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

/** Gives all of a text to `take`, with the line on which it begins. */
function wholeReader<T>(
  where: string,
  take: (line: number, text: string, isSound: boolean) => void,
  end: () => T,
): TextReader<T> {
  let text = "";
  let isSound = true;
  return {
    take: (piece, isPieceSound) => {
      text += piece;
      isSound &&= isPieceSound;
      refuseLong(text.length, where, 1);
    },
    end: () => {
      const blanks = /^\s*/.exec(text)![0];
      take(blanks.split("\n").length, text, isSound);
      return end();
    },
  };
}

/**
 * The reader that is chosen by what a text begins with, blanks aside.
 * @param choose null where more must be seen, which it is not of all of a text
 */
function byFirst<T>(choose: (begin: string, isAll: boolean) => TextReader<T> | null): TextReader<T> {
  let reader: TextReader<T> | null = null;
  let seen = "";
  let isSeenSound = true;
  const chosen = (isAll: boolean): void => {
    reader = choose(seen.trimStart(), isAll);
    reader?.take(seen, isSeenSound);
  };
  return {
    take: (piece, isSound) => {
      if (reader !== null) return reader.take(piece, isSound);
      seen += piece;
      isSeenSound &&= isSound;
      if (seen.trim() !== "" || !isSound) chosen(false);
    },
    end: () => {
      if (reader === null) chosen(true);
      return reader!.end();
    },
  };
}
