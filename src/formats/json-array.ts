/** The elements of one JSON array that comes in pieces. */
import { refuseLong, type TextReader } from "./pieces.ts";

/** What stands between two commas of the array, blanks aside; whether it is JSON is for others to say. */
export interface ArrayElement {
  /** On which it begins. */
  readonly line: number;
  /** Counted from 0. */
  readonly index: number;
  readonly text: string;
  readonly isSound: boolean;
}

const [NEWLINE, QUOTE, COMMA, BACKSLASH] = [0x0a, 0x22, 0x2c, 0x5c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Gives the elements of a JSON array to `take` as they are complete. The first character that is not blank must open the array.
 * @throws Error `where:line: …` for text behind the array, or one that is never closed.
 */
export function elementReader<T>(where: string, take: (element: ArrayElement) => void, end: () => T): TextReader<T> {
  /** 0 outside the array, 1 in it, more inside an element. */
  let depth = 0;
  let isOver = false;
  let isString = false;
  let isEscaped = false;
  let line = 1;
  let index = 0;
  const nothing = { text: "", line: 0, isSound: true };
  let element = nothing;
  const complete = (isLast: boolean): void => {
    const text = element.text.trim();
    if (text !== "" || !isLast || index > 0) take({ ...element, line: element.line || line, index, text });
    index++;
    element = nothing;
  };

  /** Reads a piece from `begin` on to the end of the element, of the array, or of the piece, and says where that is. */
  const readOn = (piece: string, begin: number): number => {
    for (let i = begin; i < piece.length; i++) {
      const code = piece.charCodeAt(i);
      if (code === NEWLINE) line++;
      else if (element.line === 0 && !isBlank(code)) element = { ...element, line };
      if (isEscaped) isEscaped = false;
      else if (isString) {
        if (code === QUOTE) isString = false;
        else if (code === BACKSLASH) isEscaped = true;
      } else if (code === QUOTE) isString = true;
      else if (code === OPEN_BRACKET || code === OPEN_BRACE) depth++;
      else if (depth > 1) depth -= code === CLOSE_BRACKET || code === CLOSE_BRACE ? 1 : 0;
      else if (code === COMMA || code === CLOSE_BRACKET) return i;
    }
    return piece.length;
  };

  /** Passes over blanks outside the array, and its opening bracket. */
  const enter = (piece: string, begin: number): number => {
    for (let i = begin; i < piece.length; i++) {
      const code = piece.charCodeAt(i);
      if (code === NEWLINE) line++;
      if (isBlank(code)) continue;
      if (isOver) throw new Error(`${where}:${line}: text behind the array's end, expected one array of objects`);
      depth = 1;
      return i + 1;
    }
    return piece.length;
  };

  return {
    take: (piece, isSound) => {
      for (let at = 0; at < piece.length;) {
        if (depth === 0) {
          at = enter(piece, at);
          continue;
        }
        const stop = readOn(piece, at);
        const part = piece.slice(at, stop);
        const isPartSound = isSound || part.trim() === "";
        element = { ...element, text: element.text + part, isSound: element.isSound && isPartSound };
        refuseLong(element.text.length, where, element.line);
        at = stop + 1;
        if (stop === piece.length) break;
        const isLast = piece.charCodeAt(stop) === CLOSE_BRACKET;
        complete(isLast);
        if (isLast) [depth, isOver] = [0, true];
      }
    },
    end: () => {
      if (depth > 0) throw new Error(`${where}:${line}: malformed JSON (the array is never closed)`);
      return end();
    },
  };
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xfeff;
}
