/** The normalizers of a tokenizer.json over aligned texts, as the Rust tokenizers align them. */
import * as z from "zod";
import { type AlignedText, type Change, mapped, prefixed, replaced, sliced, transformed } from "./aligned-text.ts";
import { leadingBlanks, trailingBlanks } from "./blanks.ts";
import { libraryStep } from "./library-tokenizer.ts";
import { type Replacement, precompiledParts } from "./precompiled.ts";
import { type Step, step } from "./step.ts";

export type AlignedNormalizer = (text: AlignedText) => AlignedText;

/** The normalizer that a step of a tokenizer.json describes, which the tokenizer library has read already; none for null. */
export function alignedNormalizer(normalizer: Step | null): AlignedNormalizer {
  if (normalizer === null) return (text) => text;
  const make = Object.hasOwn(normalizers, normalizer.type) ? normalizers[normalizer.type] : undefined;
  if (make === undefined)
    throw new Error(
      `normalizer of type "${normalizer.type}", expected one of ${Object.keys(normalizers).join(", ")}, of which offsets are known`,
    );
  return make(normalizer);
}

const normalizers: Readonly<Record<string, (normalizer: Step) => AlignedNormalizer>> = {
  Sequence: ({ normalizers: inner }) => {
    const steps = z.array(step).parse(inner).map(alignedNormalizer);
    return (text) => steps.reduce((changed, normalize) => normalize(changed), text);
  },
  BertNormalizer: (normalizer) => {
    const library = libraryStep({ normalizer });
    // Of a character alone the library gives what it gives of it in a text, but for a sigma at the end of a word.
    return (text) =>
      mapped(
        text,
        characterwise((character) => library.normalize(character)),
      );
  },
  Lowercase: () => (text) => mapped(text, (character) => character.toLowerCase()),
  StripAccents: () => (text) => mapped(text, (character) => character.replace(/\p{M}/u, "")),
  Strip:
    ({ strip_left: left, strip_right: right }) =>
    (aligned) => {
      const begin = left ? leadingBlanks(aligned.text) : 0;
      const end = right ? Math.max(begin, aligned.text.length - trailingBlanks(aligned.text)) : aligned.text.length;
      return sliced(aligned, begin, end);
    },
  Prepend:
    ({ prepend }) =>
    (text) =>
      prefixed(text, String(prepend)),
  Replace: (normalizer) => {
    const { pattern } = libraryStep({ normalizer });
    return (text) => replaced(text, pattern, String(normalizer["content"]));
  },
  Precompiled: ({ precompiled_charsmap: charsmap }) => {
    const parts = precompiledParts(String(charsmap));
    return (text) => transformed(text, changesOf(parts(text.text)));
  },
  NFD: () => (text) => transformed(text, decomposed(text.text, "NFD")),
  NFKD: () => (text) => transformed(text, decomposed(text.text, "NFKD")),
  NFC: () => (text) => transformed(text, composed(text.text, "NFC", "NFD")),
  NFKC: () => (text) => transformed(text, composed(text.text, "NFKC", "NFKD")),
};

function characterwise(normalize: (character: string) => string): (character: string) => string {
  const known = new Map<string, string>();
  return (character) => {
    const found = known.get(character) ?? normalize(character);
    known.set(character, found);
    return found;
  };
}

/** Characters that replace others: the last ones are put in where there are more, or the last takes the rest out where there are less. */
function changesOf(replacements: readonly Replacement[]): Change[] {
  const changes: [string, number][] = [];
  for (const [old, replacement] of replacements) {
    const more = [...replacement].length - [...old].length;
    const kept = [...old].length;
    for (const [i, character] of [...replacement].entries()) changes.push([character, i < kept ? 0 : 1]);
    const last = changes.at(-1);
    if (more < 0 && last) last[1] += more;
  }
  return changes;
}

type Decomposition = "NFD" | "NFKD";

/** Each character taken apart: its first part replaces it, the others are put in. Marks are then put in order. */
function decomposed(text: string, form: Decomposition): Change[] {
  const apart = Array.from(text, (character) => [...character.normalize(form)]);
  const parts = apart.flatMap((own) => own.map((part, i): Change => [part, i === 0 ? 0 : 1]));
  const take = taker(parts);
  return Array.from(text.normalize(form), take);
}

/** Each character taken apart, then those that go together composed. */
function composed(text: string, form: "NFC" | "NFKC", apart: Decomposition): Change[] {
  const take = taker(decomposed(text, apart));
  return Array.from(text.normalize(form), (character): Change => {
    const changes = Array.from(character.normalize("NFD"), (part) => take(part)[1]);
    return [character, changes.reduce((total, change) => total + change - 1)];
  });
}

/** Gives the first change of a character that it has not given before. */
function taker(changes: readonly Change[]): (character: string) => Change {
  const taken = new Uint8Array(changes.length);
  let first = 0;
  return (character) => {
    let found = first;
    while (found < changes.length && (taken[found] === 1 || changes[found]![0] !== character)) found++;
    taken[found] = 1;
    while (taken[first] === 1) first++;
    return changes[found] ?? [character, 0];
  };
}
