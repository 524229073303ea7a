/** The pre-tokenizers of a tokenizer.json over aligned texts, in the words in which the tokenizer library is told them (library-steps.ts). */
import * as z from "zod";
import { type AlignedText, mapped, prefixed, replaced, sliced } from "./aligned-text.ts";
import { libraryStep } from "./library-tokenizer.ts";
import { type Step, step } from "./step.ts";

/** The words of a text. @param first whether it begins the text that is tokenized */
export type AlignedPreTokenizer = (text: AlignedText, first: boolean) => readonly AlignedText[];

/** The pre-tokenizer that a step describes; without one a text is one word. */
export function alignedPreTokenizer(preTokenizer: Step | null): AlignedPreTokenizer {
  if (preTokenizer === null) return (text) => [text];
  const make = Object.hasOwn(preTokenizers, preTokenizer.type) ? preTokenizers[preTokenizer.type] : undefined;
  if (make === undefined)
    throw new Error(
      `pre_tokenizer of type "${preTokenizer.type}", expected one of ${Object.keys(preTokenizers).join(", ")}, of which offsets are known`,
    );
  return make(preTokenizer);
}

const preTokenizers: Readonly<Record<string, (preTokenizer: Step) => AlignedPreTokenizer>> = {
  Sequence: ({ pretokenizers: inner }) => {
    const steps = z.array(step).parse(inner).map(alignedPreTokenizer);
    return (text, first) =>
      steps.reduce<readonly AlignedText[]>((words, cut) => words.flatMap((word) => cut(word, first)), [text]);
  },
  Split: (preTokenizer) => {
    const { pattern } = libraryStep({ pre_tokenizer: preTokenizer });
    if (preTokenizer["invert"] === true) return (text) => pieces(text, pattern, "matches");
    return (text) => pieces(text, pattern, preTokenizer["behavior"] === "Removed" ? "between" : "all");
  },
  BertPreTokenizer: (preTokenizer) => {
    const { pattern } = libraryStep({ pre_tokenizer: preTokenizer });
    return (text) => pieces(text, pattern, "matches");
  },
  // Cutting into words is a step of its own.
  ByteLevel: ({ type, add_prefix_space: before }) => {
    const bytes = libraryStep({ pre_tokenizer: { type, use_regex: false, add_prefix_space: false } });
    const spelled = (character: string): string => bytes.pre_tokenize_text(character).join("");
    return (text) => [mapped(before === true && !text.text.startsWith(" ") ? prefixed(text, " ") : text, spelled)];
  },
  Metaspace: ({ replacement, prepend_scheme: scheme }) => {
    const mark = String(replacement);
    return (text, first) => {
      const marked = replaced(text, / /g, mark);
      const goes = scheme === "always" || (scheme === "first" && first);
      return [goes && !marked.text.startsWith(mark) ? prefixed(marked, mark) : marked];
    };
  },
};

/** The matches of a pattern in a text, what stands between them, or both in turn; nothing empty. */
function pieces(aligned: AlignedText, pattern: RegExp, kept: "matches" | "between" | "all"): AlignedText[] {
  const cuts: AlignedText[] = [];
  const cut = (begin: number, end: number): void => {
    if (begin < end) cuts.push(sliced(aligned, begin, end));
  };
  let at = 0;
  for (const { 0: match, index } of aligned.text.matchAll(pattern)) {
    if (kept !== "matches") cut(at, index);
    if (kept !== "between") cut(index, index + match.length);
    at = index + match.length;
  }
  if (kept !== "matches") cut(at, aligned.text.length);
  return cuts;
}
