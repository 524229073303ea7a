/**
 * Templates in the language of LM-BFF (Gao et al. 2021, §5): what a model reads of an example, with a mask where it is to put a word.
 *
 *     *cls**sent_0*_It_was*mask*.*sep+*        *cls**sent-_0*?*mask*,*+sentl_1**sep+*
 *
 * Every other asterisk begins a token or a text of the example and the next one ends it. The rest is read as it stands, with blanks
 * for `_`.
 */
import { quote } from "../formats/text.ts";

/** Special tokens by the names that templates give them. */
const specialNames = ["cls", "mask", "sep"] as const;
type SpecialName = (typeof specialNames)[number];

/** A special token, a text of the example as it is read there, or words of the template's own; with the segment it belongs to. */
export type TemplatePart = { readonly segment: 0 | 1 } & (
  | { readonly special: SpecialName }
  | { readonly text: number; readonly read: (text: string) => string }
  | { readonly words: string }
);

/** `*sent_0*`; with `+` a blank before it, `l` and `u` its first character in lower and upper case, `-` without its last character. */
const textName = /^(?<blank>\+?)sent(?<letters>[lu]?)(?<cut>-?)_(?<number>\d+)$/;

const firstLetters: Readonly<Record<string, (text: string) => string>> = {
  "": (text) => text,
  l: (text) => text.slice(0, 1).toLowerCase() + text.slice(1),
  u: (text) => text.slice(0, 1).toUpperCase() + text.slice(1),
};

/**
 * The parts of a template, in their order.
 * @throws Error in one line for what is no template: a part of no meaning, no mask or several, no text, more than two segments.
 */
export function parseTemplate(template: string): TemplatePart[] {
  const pieces = template.split("*");
  const refuse = (met: string, expected: string) =>
    new Error(`template: ${met} in ${quote(template)}, expected ${expected}`);
  if (pieces.length % 2 === 0) throw refuse("an odd number of asterisks", "one before and one after each part");
  const parts: TemplatePart[] = [];
  let segment = 0;
  for (const [i, piece] of pieces.entries()) {
    if (piece === "" && i % 2 === 0) continue;
    const part = i % 2 === 0 ? { words: piece.replaceAll("_", " ") } : variable(piece);
    if (!part)
      throw refuse(`a part called ${quote(piece)}`, `${specialNames.join(", ")}, sep+ or a text (sent_0, +sentl_1)`);
    if (segment > 1) throw refuse("a third segment", "at most two (one sep+ before the last part)");
    parts.push({ ...part, segment: segment === 0 ? 0 : 1 });
    if (i % 2 === 1 && piece === "sep+") segment++;
  }
  const masks = parts.filter(isMask).length;
  if (masks !== 1) throw refuse(masks === 0 ? "no mask" : `${masks} masks`, "one *mask*");
  if (!parts.some((part) => "text" in part)) throw refuse("no text", "one at least (*sent_0*)");
  return parts;
}

/** Whether a part is where the word is asked for. */
export function isMask(part: TemplatePart): boolean {
  return "special" in part && part.special === "mask";
}

/** How many texts an example must have for a template to be filled. */
export function textsIn(parts: readonly TemplatePart[]): number {
  return Math.max(...parts.map((part) => ("text" in part ? part.text + 1 : 0)));
}

function variable(name: string) {
  const special = specialNames.find((known) => known === name || (known === "sep" && name === "sep+"));
  if (special) return { special };
  const found = textName.exec(name)?.groups;
  if (!found) return null;
  const inCase = firstLetters[found["letters"]!]!;
  const blank = found["blank"] === "" ? "" : " ";
  const end = found["cut"] === "" ? undefined : -1;
  return { text: Number(found["number"]), read: (text: string) => blank + inCase(text).slice(0, end) };
}
