/** Plain text as a table of its paragraphs. */
import type { Row, RowTable } from "./rows.ts";

/**
 * The paragraphs of a text, which blank lines divide, in the column `text`; the line breaks inside one stay.
 * A text of blank lines alone has no rows.
 */
export function readParagraphs(text: string): RowTable {
  const rows: Row[] = [];
  let lines: string[] = [];
  const lineBreak = /\r\n|\n|\r/;
  const all = text.split(lineBreak);
  all.forEach((line, i) => {
    const isBlank = line.trim() === "";
    if (!isBlank) lines.push(line);
    if (lines.length > 0 && (isBlank || i === all.length - 1)) {
      rows.push({ line: i + (isBlank ? 1 : 2) - lines.length, values: { text: lines.join("\n") } });
      lines = [];
    }
  });
  return { columns: ["text"], rows };
}
