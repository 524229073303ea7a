/** What a plan shows of the training data: examples as the model reads them, and which of their tokens carry loss. */
import type { EncodedDataset } from "../data/encode.ts";
import type { Encoding, Tokenizer } from "../data/tokenizer.ts";
import type { Window } from "../data/windows.ts";
import type { Task } from "../tasks/task.ts";
import type { PreparedRun } from "./prepare.ts";
import { isLabelled, taskKinds } from "./task-kinds.ts";

export interface PlannedExample {
  readonly where: string;
  /** Those of a target behind the others. */
  readonly tokens: readonly string[];
  /** Null where there is nothing to label. */
  readonly label: string | null;
  /** The text of the tokens, parted where those that carry loss begin or end; null where all do alike, or chance says which. */
  readonly parts: readonly ExamplePart[] | null;
}

export interface ExamplePart {
  readonly text: string;
  /** How many tokens it is. */
  readonly tokens: number;
  /** Of a row that holds several examples, which one it is of, counted from 1. */
  readonly example: number;
  readonly carriesLoss: boolean;
}

export interface DataCounts {
  /** Examples of the training data, or rows where several share one. */
  readonly train: number;
  /** Of the training data, how many examples there are in the rows. */
  readonly examples: number;
  readonly validation: number;
  readonly longest: number;
  readonly truncated: number;
  /** Examples that are left out, since nothing of them that carries loss fits. */
  readonly skipped: number;
  /** Of the training data, those of targets among them. */
  readonly tokens: number;
  /** Of these, those that carry loss; null where all do alike, or chance says which. */
  readonly lossTokens: number | null;
}

/** How much data there is. */
export function countData({ kind }: Pick<Task, "kind">, data: EncodedDataset, validation: EncodedDataset): DataCounts {
  const asked = data.encodings.map(taskKinds[kind].asked);
  return {
    train: data.lengths.length,
    examples: sum(data.encodings.map(({ segments }) => segments?.at(-1) ?? 1)),
    validation: validation.lengths.length,
    longest: data.lengths.reduce((longest, length) => Math.max(longest, length), 0),
    truncated: data.truncated,
    skipped: data.skipped ?? 0,
    tokens: sum(data.encodings.map(({ ids, target }) => ids.length + (target?.length ?? 0))),
    lossTokens: asked.includes(null) ? null : sum(asked.map((tokens) => sum(tokens!))),
  };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** The first `count` examples of the training data, or rows. */
export function firstExamples(
  { task, train, tokenizer }: Pick<PreparedRun, "task" | "train" | "tokenizer">,
  { encodings, lines, labels }: EncodedDataset,
  count: number,
): PlannedExample[] {
  return encodings.slice(0, count).map((encoding, i) => {
    const ids = Int32Array.from([...encoding.ids, ...(encoding.target ?? [])]);
    const asked = taskKinds[task.kind].asked(encoding);
    return {
      where: `${train.where}:${lines[i]}`,
      tokens: tokenizer.tokensOf(ids),
      label: encoding.window ? answerIn(encoding.window, ids, tokenizer) : labelOf(task, labels[i]!),
      parts: asked && partsOf({ ...encoding, ids }, asked, tokenizer),
    };
  });
}

/** The tokens of a window that answer its question. */
function answerIn({ begin, answer: [first, last] }: Window, ids: Int32Array, tokenizer: Tokenizer): string {
  return first < begin ? "(no answer in this part)" : tokenizer.decode(ids.subarray(first, last + 1)).trim();
}

function partsOf({ ids, segments }: Encoding, asked: Uint8Array, tokenizer: Tokenizer): ExamplePart[] {
  const exampleAt = (i: number) => segments?.[i] ?? 1;
  const isBegin = (i: number) => i === 0 || asked[i] !== asked[i - 1] || exampleAt(i) !== exampleAt(i - 1);
  const begins = [...asked.keys()].filter(isBegin);
  // Whether a blank stands before a token depends on those before it.
  const before = (end: number) => tokenizer.decode(ids.subarray(0, end), { skipSpecialTokens: false }).length;
  const text = tokenizer.decode(ids, { skipSpecialTokens: false });
  return begins.map((begin, i) => {
    const end = begins[i + 1] ?? ids.length;
    return {
      text: text.slice(before(begin), before(end)),
      tokens: end - begin,
      example: exampleAt(begin),
      carriesLoss: asked[begin] === 1,
    };
  });
}

function labelOf({ labels, kind }: Task, label: number): string | null {
  if (!isLabelled(kind)) return null;
  return labels?.[label] ?? String(label);
}
