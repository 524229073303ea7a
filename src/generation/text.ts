/** Tokens to text, piece by piece: no piece ends within a character or within what may become a stop string. */

/** What the text of tokens is; a tokenizer's `decode`. */
export type Decode = (ids: readonly number[]) => string;

export interface Piece {
  /** What is certain to belong to the text, after the pieces before. */
  readonly text: string;
  /** Whether a stop string has come, before which the text ends. */
  readonly stopped: boolean;
}

export interface TextReader {
  /** Takes the next token. */
  push(token: number): Piece;
  /** What was held back, once no token follows. */
  end(): string;
}

/** How many tokens of the prompt are read with the first new one: whether a blank stands before it depends on them. */
const CONTEXT = 8;
const REPLACEMENT = "\ufffd";

/**
 * Reads the tokens that follow on `prompt`.
 * @param stops strings before which the text ends
 */
export function readText(decode: Decode, prompt: readonly number[], stops: readonly string[]): TextReader {
  /** Tokens whose text was given, then those whose text was not. */
  let before: readonly number[] = prompt.slice(-CONTEXT);
  let after: number[] = [];
  let held = "";
  let stopped = false;

  const unread = () => decode([...before, ...after]).slice(decode(before).length);
  const take = (text: string): string => {
    held += text;
    const stop = firstOf(held, stops);
    const kept = stop ?? held.length - beginningOf(held, stops);
    const given = held.slice(0, kept);
    stopped = stop !== null;
    held = stopped ? "" : held.slice(kept);
    return given;
  };

  return {
    push(token) {
      if (stopped) return { text: "", stopped };
      after.push(token);
      const text = unread();
      if (text === "" || text.endsWith(REPLACEMENT)) return { text: "", stopped };
      [before, after] = [after, []];
      return { text: take(text), stopped };
    },
    end() {
      const rest = stopped ? "" : held + unread();
      [held, after] = ["", []];
      return rest.slice(0, firstOf(rest, stops) ?? rest.length);
    },
  };
}

/** The whole text of `tokens` that follow on `prompt`. */
export function textOf(
  decode: Decode,
  prompt: readonly number[],
  tokens: readonly number[],
  stops: readonly string[],
): string {
  const reader = readText(decode, prompt, stops);
  const pieces = tokens.map((token) => reader.push(token).text);
  return [...pieces, reader.end()].join("");
}

/** The most tokens that a character is spread over. */
const TOKENS_OF_CHARACTER = 4;

/** What says whether the text of tokens that follow on `prompt` contains one of `stops`, asked after each token. */
export function stopFinder(
  decode: Decode,
  prompt: readonly number[],
  stops: readonly string[],
): (tokens: readonly number[]) => boolean {
  if (stops.length === 0) return () => false;
  const reach = TOKENS_OF_CHARACTER * Math.max(...stops.map(({ length }) => length)) + CONTEXT;
  return (tokens) => {
    const first = Math.max(0, tokens.length - reach);
    const before = first > 0 ? tokens.slice(Math.max(0, first - CONTEXT), first) : prompt.slice(-CONTEXT);
    const text = decode([...before, ...tokens.slice(first)]).slice(decode(before).length);
    return firstOf(text, stops) !== null;
  };
}

/** Where the first of `stops` begins in `text`, or null. */
function firstOf(text: string, stops: readonly string[]): number | null {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place >= 0);
  return places.length === 0 ? null : Math.min(...places);
}

/** How many of the last characters of `text` one of `stops` may begin with. */
function beginningOf(text: string, stops: readonly string[]): number {
  const longest = Math.max(0, ...stops.map(({ length }) => length - 1));
  for (let size = Math.min(longest, text.length); size > 0; size--)
    if (stops.some((stop) => stop.startsWith(text.slice(-size)))) return size;
  return 0;
}
