/** JSON objects as rows: one on each line, or all of them in one array. */
import { isObject, members } from "./json.ts";
import type { Row, RowTable } from "./rows.ts";
import { quote, withoutByteOrderMark } from "./text.ts";

/**
 * Reads one JSON object a line, skipping blank lines, or one JSON array of objects. The columns are all keys met, in the
 * order they are first met; a row has only its own.
 * @throws Error `where:line: …` for a line that is not a JSON object, `where: …` for a malformed array.
 */
export function readJsonl(text: string, where: string): RowTable {
  const content = withoutByteOrderMark(text);
  const rows = content.trimStart().startsWith("[") ? readArray(content, where) : readLines(content, where);
  return { columns: [...new Set(rows.flatMap(({ values }) => Object.keys(values)))], rows };
}

const expected = "expected one object a line, or one array of objects";

function readLines(text: string, where: string): Row[] {
  const rows: Row[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const values = parse(line, `${where}:${i + 1}`);
    if (!isObject(values)) throw new Error(`${where}:${i + 1}: not a JSON object: ${quote(line)}, ${expected}`);
    rows.push({ line: i + 1, values });
  }
  return rows;
}

function readArray(text: string, where: string): Row[] {
  const elements = parse(text, where) as readonly unknown[];
  const objects = elements.filter(isObject);
  if (objects.length < elements.length) {
    const index = elements.findIndex((element) => !isObject(element));
    throw new Error(`${where}: element ${index} of the array is not a JSON object, ${expected}`);
  }
  const lineOf = lineCounter(text);
  return Array.from(members(text), ({ begin }, i) => ({ line: lineOf(begin), values: objects[i]! }));
}

function parse(json: string, place: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : "";
    throw new Error(`${place}: malformed JSON (${reason}), ${expected}`, { cause: error });
  }
}

/** The line of an offset in `text`, asked for in increasing order. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let newline = text.indexOf("\n");
  return (offset) => {
    for (; newline >= 0 && newline < offset; newline = text.indexOf("\n", newline + 1)) line++;
    return line;
  };
}
