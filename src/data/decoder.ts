/** Tokens to text, as the `decoder` of a tokenizer.json says; step by step what the Rust tokenizers do. */
import * as z from "zod";
import { parse } from "./parse.ts";
import { type Step, step } from "./step.ts";

/** A step of a decoder: tokens to tokens, whose concatenation is the text in the end. */
type Decoding = (tokens: readonly string[]) => readonly string[];

const readers: Readonly<Record<string, (settings: Step, where: string) => Decoding>> = {
  ByteLevel: () => fromByteLevel,
  ByteFallback: () => fromByteTokens,
  Fuse: () => (tokens) => [tokens.join("")],
  WordPiece: (settings, where) => {
    const { prefix, cleanup } = parse(wordPiece, settings, where, "decoder");
    return (tokens) => tokens.map((token, i) => tidied(i === 0 ? token : continued(token, prefix), cleanup));
  },
  Metaspace: (settings, where) => {
    const { replacement, prepend_scheme } = parse(metaspace, settings, where, "decoder");
    const first = prepend_scheme === "never" ? " " : "";
    return (tokens) => tokens.map((token, i) => token.replaceAll(replacement, i === 0 ? first : " "));
  },
  BPEDecoder: (settings, where) => {
    const { suffix } = parse(z.looseObject({ suffix: z.string().min(1) }), settings, where, "decoder");
    return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? "" : " "));
  },
  Replace: (settings, where) => {
    const { pattern, content } = parse(replace, settings, where, "decoder");
    return (tokens) => tokens.map((token) => token.replaceAll(pattern.String, () => content));
  },
  Strip: (settings, where) => {
    const { content, start, stop } = parse(strip, settings, where, "decoder");
    return (tokens) => tokens.map((token) => stripped([...token], content, start, stop));
  },
  Sequence: (settings, where) => {
    const { decoders } = parse(z.looseObject({ decoders: z.array(step) }), settings, where, "decoder");
    const steps = decoders.map((inner) => read(inner, where));
    return (tokens) => steps.reduce((current, decode) => decode(current), tokens);
  },
};

const wordPiece = z.looseObject({ prefix: z.string().default("##"), cleanup: z.boolean().default(true) });
const metaspace = z.looseObject({
  replacement: z.string().min(1).default("▁"),
  prepend_scheme: z.enum(["always", "first", "never"]).default("always"),
});
const replace = z.looseObject({ pattern: z.looseObject({ String: z.string().min(1) }), content: z.string() });
const strip = z.looseObject({ content: z.string(), start: z.int().nonnegative(), stop: z.int().nonnegative() });

/**
 * The decoder of a tokenizer.json, or null for the tokens with blanks between them.
 * @returns A function from the vocabulary's spelling of tokens to their text.
 * @throws Error beginning with `where` for a step of an unknown type or with missing parts.
 */
export function readDecoder(decoder: Step | null, where: string): (tokens: readonly string[]) => string {
  if (decoder === null) return (tokens) => tokens.join(" ");
  const decode = read(decoder, where);
  return (tokens) => decode(tokens).join("");
}

function read(settings: Step, where: string): Decoding {
  const reader = Object.hasOwn(readers, settings.type) ? readers[settings.type] : undefined;
  if (reader !== undefined) return reader(settings, where);
  const known = Object.keys(readers).join(", ");
  throw new Error(`${where}: decoder of type ${JSON.stringify(settings.type)}, expected one of ${known}`);
}

/** The byte of each character that byte-level vocabularies spell bytes with: printable ones stand for themselves (GPT-2). */
const byteOf: ReadonlyMap<string, number> = byteLevelAlphabet();

function byteLevelAlphabet(): Map<string, number> {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const isItself = (byte: number): boolean => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  const others = bytes.filter((byte) => !isItself(byte));
  return new Map(
    bytes.map((byte) => [String.fromCharCode(isItself(byte) ? byte : 256 + others.indexOf(byte)), byte] as const),
  );
}

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const encoder = new TextEncoder();

/** Characters may be spread over tokens; a token that is spelled in other characters stands for itself. */
function fromByteLevel(tokens: readonly string[]): readonly string[] {
  const bytes = tokens.flatMap((token) => {
    const spelled = Array.from(token, (character) => byteOf.get(character));
    return spelled.every((byte) => byte !== undefined) ? spelled : Array.from(encoder.encode(token));
  });
  return [lossy.decode(Uint8Array.from(bytes))];
}

/** Runs of tokens such as <0xE2> become their characters, or a replacement character each where they are none. */
function fromByteTokens(tokens: readonly string[]): readonly string[] {
  const result: string[] = [];
  let run: number[] = [];
  const endRun = (): void => {
    if (run.length > 0) result.push(...charactersOf(Uint8Array.from(run)));
    run = [];
  };
  for (const token of tokens) {
    const [, byte] = /^<0x([\da-fA-F]{2})>$/.exec(token) ?? [];
    if (byte !== undefined) run.push(Number.parseInt(byte, 16));
    else {
      endRun();
      result.push(token);
    }
  }
  endRun();
  return result;
}

function charactersOf(bytes: Uint8Array): string[] {
  try {
    return [strict.decode(bytes)];
  } catch {
    return Array.from(bytes, () => "\ufffd");
  }
}

function continued(token: string, prefix: string): string {
  return token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
}

/** Blanks before punctuation and English contractions, in the order in which the Rust code takes them away. */
const tidyings: readonly (readonly [string, string])[] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

function tidied(token: string, cleanup: boolean): string {
  return cleanup ? tidyings.reduce((text, [from, to]) => text.replaceAll(from, to), token) : token;
}

/** At most `start` leading and `stop` trailing characters go, as long as they are `content`. */
function stripped(characters: readonly string[], content: string, start: number, stop: number): string {
  let begin = 0;
  let end = characters.length;
  while (begin < Math.min(start, characters.length) && characters[begin] === content) begin++;
  while (end > Math.max(begin, characters.length - stop) && characters[end - 1] === content) end--;
  return characters.slice(begin, end).join("");
}
