import { describe, expect, test } from "vitest";
import { answerOf, type Answering, type WindowScores } from "./span-answers.ts";

const context = "Rollo led the Normans";
/** Of nine places the four from the fifth on are of the context. */
const place = 4;
const offsets = [
  [0, 5],
  [6, 9],
  [10, 13],
  [14, 21],
].map(([begin, end]) => ({ begin: begin!, end: end! }));
const window = (start: readonly number[], end: readonly number[]): WindowScores => ({
  begin: place,
  offsets,
  start,
  end,
});
const first = window([1, 9, 0, 0, 5, 1, 2, 4, 0.5], [0.5, 9, 0, 0, 4, 0, 1, 6, 0.5]);
const second = window([8, 0, 0, 0, 1, 1, 0, 2, 0.5], [7, 0, 0, 0, 1, 0, 1, 2, 0.5]);

const squad: Answering = {
  metric: "squad",
  doc_stride: null,
  n_best_size: 20,
  max_answer_length: 30,
  null_score_diff_threshold: 0,
};
const squadV2: Answering = { ...squad, metric: "squad_v2" };

interface Expected {
  readonly windows: readonly WindowScores[];
  readonly answering: Answering;
  readonly text: string;
  readonly nullOdds: number | null;
  /** The likeliest answers with their probabilities. */
  readonly nBest?: readonly (readonly [text: string, probability: number])[];
}

describe("an answer out of windows", () => {
  test.each<readonly [string, Expected]>([
    [
      "of v1",
      {
        windows: [first],
        answering: squad,
        text: context,
        nullOdds: null,
        nBest: [
          [context, 0.632496],
          ["Normans", 0.232682],
          ["Rollo", 0.085599],
          ["the Normans", 0.03149],
        ],
      },
    ],
    [
      "of one token",
      {
        windows: [first],
        answering: { ...squad, max_answer_length: 1 },
        text: "Normans",
        nullOdds: null,
        nBest: [
          ["Normans", 0.730506],
          ["Rollo", 0.268738],
        ],
      },
    ],
    [
      "of the two likeliest tokens, one of them of the question",
      {
        windows: [first],
        answering: { ...squad, n_best_size: 2 },
        text: context,
        nullOdds: null,
        nBest: [[context, 1]],
      },
    ],
    [
      "of v2",
      {
        windows: [first],
        answering: squadV2,
        text: context,
        nullOdds: -9.5,
        nBest: [
          [context, 0.632466],
          ["Normans", 0.232671],
        ],
      },
    ],
    [
      "of v2 at a low threshold",
      { windows: [first], answering: { ...squadV2, null_score_diff_threshold: -10 }, text: "", nullOdds: -9.5 },
    ],
    [
      "of v2 where there is none",
      {
        windows: [second],
        answering: squadV2,
        text: "",
        nullOdds: 11,
        nBest: [
          ["", 0.999959],
          ["Normans", 0.000017],
        ],
      },
    ],
    [
      "of v2 at a high threshold",
      { windows: [second], answering: { ...squadV2, null_score_diff_threshold: 20 }, text: "Normans", nullOdds: 11 },
    ],
    [
      "of two windows",
      { windows: [first, second], answering: squadV2, text: context, nullOdds: -9.5, nBest: [[context, 0.6316]] },
    ],
    [
      "where no two tokens make one",
      {
        windows: [window([0, 0, 0, 0, 0, 0, 0, 9, 0], [0, 0, 0, 0, 9, 0, 0, 0, 0])],
        answering: { ...squad, n_best_size: 1 },
        text: "empty",
        nullOdds: null,
        nBest: [["empty", 1]],
      },
    ],
  ])("%s", (_, { windows, answering, text, nullOdds, nBest = [] }) => {
    const answer = answerOf(context, windows, answering);
    expect(answer.text).toBe(text);
    if (nullOdds === null) expect(answer.nullOdds).toBeNull();
    else expect(answer.nullOdds).toBeCloseTo(nullOdds, 10);
    for (const [i, [ranked, probability]] of nBest.entries()) {
      expect(answer.nBest[i]!.text).toBe(ranked);
      expect(answer.nBest[i]!.probability).toBeCloseTo(probability, 4);
    }
  });
});

test("no answer is listed even where it is the least likely", () => {
  const { nBest, best } = answerOf(context, [first], { ...squadV2, n_best_size: 2 });
  expect(nBest.map(({ text }) => text)).toEqual([context, ""]);
  expect(best).toBe(context);
  expect(nBest[0]).toMatchObject({ begin: 0, end: 21 });
});

test("of tokens that are equally likely the later one is tried", () => {
  const equal = window([0, 0, 0, 0, 5, 5, 0, 0, 0], [0, 0, 0, 0, 0, 0, 5, 5, 0]);
  const { nBest } = answerOf(context, [equal], { ...squad, n_best_size: 1 });
  expect(nBest.map(({ text }) => text)).toEqual(["led the Normans"]);
});

test("a context without tokens has no answer", () => {
  const bare = { ...second, offsets: [] };
  expect(answerOf("", [bare], squadV2)).toMatchObject({ text: "", best: "empty", nullOdds: 15 });
  expect(answerOf("", [bare], squad)).toMatchObject({ text: "empty", nullOdds: null });
});
