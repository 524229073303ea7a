/** Comma-separated values (RFC 4180), with quoted fields that may hold commas, quotes and newlines. */
import { CsvError, parse } from "csv-parse/browser/esm/sync";
import { type FieldRecord, type ReadOptions, type RowTable, tableOf } from "./rows.ts";
import { withoutByteOrderMark } from "./text.ts";

/**
 * Reads comma-separated text. Nothing is trimmed or converted, empty lines are skipped, and a row's line is the one on
 * which its record begins.
 * @throws Error `where:line: …` for a misplaced or unclosed quote, or when the number of fields is not the header's.
 */
export function readCsv(text: string, where: string, options: ReadOptions = {}): RowTable {
  return tableOf(records(withoutByteOrderMark(text), where), where, options);
}

/** The fields of the first record; none where there is no record, or it cannot be read. */
export function firstCsvRecord(text: string): readonly string[] {
  try {
    const [fields = []] = parse(withoutByteOrderMark(text), { ...format, to: 1 }) as string[][];
    return fields;
  } catch {
    return [];
  }
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const format = { record_delimiter: ["\r\n", "\n"], relax_column_count: true, skip_empty_lines: true };

const complaints: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is opened and never closed",
  CSV_INVALID_CLOSING_QUOTE: 'text after a closing quote, expected a comma or a new line (a quote within quotes is "")',
  INVALID_OPENING_QUOTE: "a quote inside an unquoted field, expected the whole field in quotes",
};

/** Lines are counted here, by the bytes each record took: csv-parse counts a quoted carriage return and newline twice. */
function* records(text: string, where: string): Generator<FieldRecord> {
  const bytes = new TextEncoder().encode(text);
  const parsed: FieldRecord[] = [];
  const place = { line: 1, byte: 0 };
  const advance = (end: number) => {
    for (; place.byte < end; place.byte++) if (bytes[place.byte] === NEWLINE) place.line++;
  };
  const skipEmptyLines = () => {
    while (bytes[place.byte] === NEWLINE || bytes[place.byte] === CARRIAGE_RETURN) advance(place.byte + 1);
  };
  let failure: Error | null = null;
  skipEmptyLines();
  try {
    parse(bytes, {
      ...format,
      on_record: (fields: string[], { bytes: end }) => {
        parsed.push({ line: place.line, fields });
        advance(end);
        skipEmptyLines();
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    failure = new Error(`${where}:${place.line}: ${complaints[error.code] ?? error.message}`, { cause: error });
  }
  yield* parsed;
  if (failure) throw failure;
}
