/**
 * Questions about a text as token ids. A text that is too long for a model is read in windows that overlap, each behind the whole
 * question, as transformers' run_qa.py has it.
 */
import type { Span } from "./aligned-text.ts";
import { leadingBlanks } from "./blanks.ts";
import type { EncodedDataset } from "./encode.ts";
import type { Dataset, Example } from "./examples.ts";
import type { OffsetTokens } from "./offsets.ts";
import { datasetOf } from "./sequences.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";

/** What a sequence is of: tokens of a text that a question is about. */
export interface Window {
  /** Which of the data set's questions it is of. */
  readonly question: number;
  /** The place in the sequence of the window's first token of the text. */
  readonly begin: number;
  /** Where in the text each of the window's tokens comes from. */
  readonly offsets: readonly Span[];
  /** The places in the sequence of the answer's first and last token; both that of {@link nullPlace} where it is not all in the window. */
  readonly answer: readonly [first: number, last: number];
}

export interface WindowOptions {
  /** The most tokens of a sequence, special ones included. */
  readonly maxLength: number;
  /** How many tokens of the text a window shares with the one before it. */
  readonly docStride: number;
}

/**
 * Encodes the questions of `dataset`, the first texts of its examples, about their second texts, the windows of one question one after
 * the other. Blanks before a question are left out.
 * @throws Error in one line for an example without a second text, or whose question leaves no more room than `docStride` for a text
 * that does not fit.
 */
export function encodeQuestions(dataset: Dataset, tokenizer: Tokenizer, options: WindowOptions): EncodedDataset {
  const { where, examples } = dataset;
  // Many questions in a row are about one text.
  let last: { text: string; tokens: OffsetTokens } | undefined;
  const windows = examples.map((example, question) => {
    const place = `${where}:${example.line}`;
    const text = example.texts[1];
    if (text === undefined) throw new Error(`${place}: no second text, expected a question and what it is about`);
    if (last?.text !== text) last = { text, tokens: tokenizer.tokenizeWithOffsets(text) };
    return windowsOf(example, question, last.tokens, tokenizer, options, place);
  });
  const sequences = windows.flatMap((own, i) => own.map((encoding) => ({ line: examples[i]!.line, encoding })));
  return { ...datasetOf(where, sequences), questions: examples };
}

function windowsOf(
  { texts: [asked], answer = null }: Example,
  question: number,
  { ids, offsets }: OffsetTokens,
  tokenizer: Tokenizer,
  { maxLength, docStride }: WindowOptions,
  place: string,
): Encoding[] {
  const first = tokenizer.tokenize(asked.slice(leadingBlanks(asked)));
  const room = maxLength - tokenizer.pairSpecialCount - first.length;
  if (ids.length > room && room <= docStride)
    throw new Error(
      `${place}: a question of ${first.length} tokens leaves room for ${Math.max(room, 0)} of its text within max_seq_length ${maxLength}, expected more than doc_stride ${docStride}`,
    );
  return startsOf(ids.length, room, docStride).map((start): Encoding => {
    const end = Math.min(start + room, ids.length);
    const { begins, ...framed } = tokenizer.framePair(first, ids.slice(start, end));
    const spans = offsets.slice(start, end);
    const tokens = answer && answerTokens(spans, answer);
    const none = nullPlace(framed.ids, tokenizer);
    const places: Window["answer"] = tokens ? [begins[1] + tokens.begin, begins[1] + tokens.end - 1] : [none, none];
    return { ...framed, window: { question, begin: begins[1], offsets: spans, answer: places } };
  });
}

/** Where windows of `room` tokens begin that share `stride` with the one before, up to the one that ends a text of `length` tokens. */
function startsOf(length: number, room: number, stride: number): number[] {
  const count = length <= room ? 1 : Math.ceil((length - stride) / (room - stride));
  return Array.from({ length: count }, (_, i) => i * (room - stride));
}

/** The place that stands for no answer: of the token that begins a sequence, or the first one. */
function nullPlace(ids: Int32Array, { specialTokens: { cls, bos } }: Tokenizer): number {
  const places = [cls, bos].map((id) => (id === null ? -1 : ids.indexOf(id)));
  return places.find((place) => place >= 0) ?? 0;
}

/**
 * Which of the tokens that come from `spans` hold an answer: from the last that begins no later than it to the first that ends no
 * earlier; null where it is not all in them.
 */
function answerTokens(spans: readonly Span[], answer: Span): Span | null {
  if (spans.length === 0 || spans[0]!.begin > answer.begin || spans.at(-1)!.end < answer.end) return null;
  const behind = spans.findIndex(({ begin }) => begin > answer.begin);
  const before = spans.findLastIndex(({ end }) => end < answer.end);
  return { begin: (behind < 0 ? spans.length : behind) - 1, end: before + 2 };
}
