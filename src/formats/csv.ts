/** Comma-separated values (RFC 4180), with quoted fields that may hold commas, quotes and newlines. */
import { lineReader, notUtf8, refuseLong, type TextReader } from "./pieces.ts";
import { fieldTable, type ReadOptions, type RowTable } from "./rows.ts";

/**
 * Reads comma-separated text. Nothing is trimmed or converted, empty lines are skipped, and a row's line is the one on
 * which its record begins. A record with a misplaced quote, or whose number of fields is not the header's, is bad; the next
 * begins on the next line.
 * @throws Error `where:line: …` for a quote that is never closed, since all that follows is lost in it.
 */
export function csvReader(where: string, options: ReadOptions): TextReader<RowTable> {
  const table = fieldTable(where, options);
  let record: CsvRecord | null = null;
  return lineReader(
    where,
    ({ number, text, isSound }) => {
      if (record === null && isSound && (text === "" || text === "\r")) return;
      record ??= { line: number, fields: [], quoted: null, isSound };
      record.isSound &&= isSound;
      const { line, fields } = record;
      const state = readLine(record, text);
      if (state === "open") return refuseLong(record.quoted!.length, where, line);
      if (!record.isSound) table.bad(line, notUtf8);
      else if (state === "complete") table.take(line, fields);
      else table.bad(line, complaints[state]);
      record = null;
    },
    () => {
      if (record !== null) throw new Error(`${where}:${record.line}: a quote is opened and never closed`);
      return table.end();
    },
  );
}

/** A record that goes on with the next line as long as a quoted field is open. */
interface CsvRecord {
  readonly line: number;
  readonly fields: string[];
  /** What has been read of the quoted field that is open. */
  quoted: string | null;
  isSound: boolean;
}

const complaints = {
  "text after a quote": 'text after a closing quote, expected a comma or a new line (a quote within quotes is "")',
  "a quote inside": "a quote inside an unquoted field, expected the whole field in quotes",
};

/** Reads one more line of a record. */
function readLine(record: CsvRecord, line: string): "open" | "complete" | keyof typeof complaints {
  const { fields } = record;
  const end = line.endsWith("\r") ? line.length - 1 : line.length;
  let at = 0;
  for (;;) {
    if (record.quoted === null && line[at] === '"') {
      record.quoted = "";
      at++;
    }
    if (record.quoted === null) {
      const comma = line.indexOf(",", at);
      const field = line.slice(at, comma < 0 ? end : comma);
      if (field.includes('"')) return "a quote inside";
      fields.push(field);
      if (comma < 0) return "complete";
      at = comma + 1;
    } else {
      const quote = line.indexOf('"', at);
      record.quoted += quote < 0 ? `${line.slice(at)}\n` : line.slice(at, quote);
      if (quote < 0) return "open";
      at = quote + 1;
      if (line[at] === '"') {
        record.quoted += '"';
        at++;
        continue;
      }
      fields.push(record.quoted);
      record.quoted = null;
      if (at === end) return "complete";
      if (line[at] !== ",") return "text after a quote";
      at++;
    }
  }
}
