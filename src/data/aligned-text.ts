/**
 * A text that has been changed, with the part of the original that each of its characters comes from, by the rules of the Rust
 * tokenizers' `NormalizedString`: what is put in comes from where the character before it does.
 */

/** `begins` and `ends` bound, for each UTF-16 unit of `text`, what it comes from: a range of UTF-16 units of the original. */
export interface AlignedText {
  readonly text: string;
  readonly begins: Int32Array;
  readonly ends: Int32Array;
}

/** A range of UTF-16 units, its end not included. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** A character of a new text: 1 if it is put in, 0 if it replaces one, −n if n more are then taken out. */
export type Change = readonly [character: string, change: number];

/** The part `[begin, end)` of an original, unchanged. */
export function alignedText(original: string, begin = 0, end: number = original.length): AlignedText {
  const builder = alignmentBuilder();
  for (const character of original.slice(begin, end)) {
    const at = begin + builder.length();
    builder.push(character, { begin: at, end: at + character.length });
  }
  return builder.done();
}

/** The part `[begin, end)` of an aligned text. */
export function sliced({ text, begins, ends }: AlignedText, begin: number, end: number): AlignedText {
  return { text: text.slice(begin, end), begins: begins.subarray(begin, end), ends: ends.subarray(begin, end) };
}

/** What the units `[begin, end)` of a text come from, `end` being above `begin`. */
export function originOf({ begins, ends }: AlignedText, begin: number, end: number): Span {
  return { begin: begins[begin]!, end: ends[end - 1]! };
}

/** Each character replaced by some or none, all of which come from where it does. */
export function mapped(aligned: AlignedText, replacement: (character: string) => string): AlignedText {
  const builder = alignmentBuilder();
  let at = 0;
  for (const character of aligned.text) {
    builder.push(replacement(character), originOf(aligned, at, at + 1));
    at += character.length;
  }
  return builder.done();
}

/** A text made anew, each change taking up where the last one left the old text. */
export function transformed(aligned: AlignedText, changes: Iterable<Change>): AlignedText {
  const { text } = aligned;
  const builder = alignmentBuilder();
  let at = 0;
  for (const [character, change] of changes) {
    builder.push(character, before(aligned, change > 0 ? at : at + 1));
    for (let taken = change; taken <= 0; taken++) at += widthAt(text, at);
  }
  return builder.done();
}

/** Every match of a pattern replaced by `content`, which comes from where the last character of the match does. */
export function replaced(aligned: AlignedText, pattern: RegExp, content: string): AlignedText {
  const builder = alignmentBuilder();
  const { text } = aligned;
  let at = 0;
  const keep = (end: number): void => {
    for (; at < end; at++) builder.push(text[at]!, originOf(aligned, at, at + 1));
  };
  for (const { 0: match, index } of text.matchAll(pattern)) {
    keep(index);
    at += match.length;
    builder.push(content, before(aligned, at));
  }
  keep(text.length);
  return builder.done();
}

/** `prefix` before a text, unless that is empty; it comes from where the first character does. */
export function prefixed(aligned: AlignedText, prefix: string): AlignedText {
  if (aligned.text.length === 0) return aligned;
  const first = originOf(aligned, 0, 1);
  const builder = alignmentBuilder();
  builder.push(prefix, first);
  for (let at = 0; at < aligned.text.length; at++) builder.push(aligned.text[at]!, originOf(aligned, at, at + 1));
  return builder.done();
}

/** What the unit before `at` comes from; at the beginning, nothing. */
function before(aligned: AlignedText, at: number): Span {
  const last = Math.min(at, aligned.text.length);
  return last === 0 ? { begin: 0, end: 0 } : originOf(aligned, last - 1, last);
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

interface AlignmentBuilder {
  length(): number;
  push(text: string, origin: Span): void;
  done(): AlignedText;
}

function alignmentBuilder(): AlignmentBuilder {
  let whole = "";
  const begins: number[] = [];
  const ends: number[] = [];
  return {
    length: () => begins.length,
    push(text, { begin, end }) {
      whole += text;
      for (let unit = 0; unit < text.length; unit++) {
        begins.push(begin);
        ends.push(end);
      }
    },
    done: () => ({ text: whole, begins: Int32Array.from(begins), ends: Int32Array.from(ends) }),
  };
}
