/** Plain text as a table of its paragraphs. */
import { lineReader, notUtf8, refuseLong, type TextReader } from "./pieces.ts";
import { type ReadOptions, refuse, type Row, type RowTable } from "./rows.ts";

/**
 * The paragraphs of a text, which blank lines divide, in the column `text`; the line breaks inside one stay.
 * A text of blank lines alone has no rows.
 */
export function paragraphReader(where: string, { onBadRow = refuse }: ReadOptions): TextReader<RowTable> {
  const rows: Row[] = [];
  let number = 0;
  let begun: { readonly line: number; text: string; isSound: boolean } | null = null;
  const complete = (): void => {
    if (begun === null) return;
    const { line, text, isSound } = begun;
    if (isSound) rows.push({ line, values: { text } });
    else onBadRow(new Error(`${where}:${line}: ${notUtf8}`));
    begun = null;
  };
  const take = (text: string, isSound: boolean): void => {
    number++;
    if (isSound && text.trim() === "") return complete();
    if (begun === null) begun = { line: number, text, isSound };
    else {
      begun.text += `\n${text}`;
      begun.isSound &&= isSound;
    }
    refuseLong(begun.text.length, where, begun.line);
  };
  return lineReader(
    where,
    ({ text, isSound }) => {
      // Old Macs end their lines by carriage returns alone.
      for (const line of (text.endsWith("\r") ? text.slice(0, -1) : text).split("\r")) take(line, isSound);
    },
    () => {
      complete();
      return { columns: ["text"], rows };
    },
  );
}
