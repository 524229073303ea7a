import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { exactMatch, normalizeAnswer, squad, squadV2, tokenF1, tokenF1OrNone } from "./squad.ts";

interface PredictionFile {
  readonly references: readonly (readonly string[])[];
  readonly predictions: readonly string[];
  readonly noAnswer: readonly number[];
  readonly squad?: Readonly<Record<string, number>>;
  readonly squad_v2: readonly { readonly threshold: number; readonly scores: Readonly<Record<string, number>> }[];
}
interface Fixture {
  readonly normalized: readonly (readonly [text: string, normalized: string])[];
  readonly pairs: readonly (readonly [a: string, b: string, exact: number, f1: number, f1OrNone: number])[];
  readonly files: readonly PredictionFile[];
}

const path = new URL("../../test/fixtures/squad/metrics.json", import.meta.url);
const fixture = JSON.parse(readFileSync(path, "utf8")) as Fixture;

/** Python adds in another order in places; the last digits may differ. */
function expectScores(scores: Readonly<Record<string, number>>, expected: Readonly<Record<string, number>>): void {
  expect(Object.keys(scores).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) expect(scores[name], name).toBeCloseTo(value, 10);
}

describe("answers are normalized", () => {
  test.each([
    ["The  Norman-French,  a duke!", "normanfrench duke"],
    ["U.S. Army's", "us armys"],
    ["$1,000.50", "100050"],
    ["“the cat”", "“ cat”"],
    ["A", ""],
    ["Ça va, l’été", "ça va l’été"],
    ["a_b", "ab"],
    ["the\u00a0end", "end"],
  ])("%j is %j", (text, expected) => {
    expect(normalizeAnswer(text)).toBe(expected);
  });

  test("as Python's text functions do it", () => {
    expect(fixture.normalized.length).toBeGreaterThan(150);
    for (const [text, expected] of fixture.normalized)
      expect(normalizeAnswer(text), JSON.stringify(text)).toBe(expected);
  });
});

test("pairs of answers agree as SQuAD's programs say", () => {
  for (const [a, b, exact, f1, f1OrNone] of fixture.pairs) {
    const what = JSON.stringify([a, b]);
    expect(exactMatch(a, b), what).toBe(exact);
    expect(tokenF1(a, b), what).toBeCloseTo(f1, 14);
    expect(tokenF1OrNone(a, b), what).toBeCloseTo(f1OrNone, 14);
  }
  expect(fixture.pairs.filter(([, , exact]) => exact === 1).length).toBeGreaterThan(5);
});

describe("squad", () => {
  const centuries = ["10th and 11th centuries", "in the 10th and 11th centuries"];
  test.each([
    ["10th and 11th centuries", centuries, 100, 100],
    ["the 10th century", centuries, 0, 33.33333333333333],
    ["to to to be", ["to be or not to be"], 0, 60],
    ["1,000", ["1000"], 100, 100],
    ["23", ["23 years", "23"], 100, 100],
    ["", ["a"], 100, 0],
    ["The", ["An"], 100, 0],
  ])("scores %j against %j", (prediction, accepted, exact, f1) => {
    expectScores(squad.compute([accepted], [prediction]), { exact_match: exact, f1 });
  });

  test("scores whole prediction files", () => {
    const files = fixture.files.filter((file) => file.squad !== undefined);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expectScores(squad.compute(file.references, file.predictions), file.squad!);
  });

  test("needs an accepted answer of each question", () => {
    expect(() => squad.compute([["a"], []], ["a", "b"])).toThrow(
      "squad: no accepted answer of item 2, expected at least one",
    );
    expect(() => squad.compute([], [])).toThrow("squad: no items, expected at least one");
  });
});

describe("squad_v2", () => {
  test.each([
    ["", "", 1],
    ["x", "", 0],
    ["", "x", 0],
    ["the", "", 1],
  ])("%j against %j", (accepted, prediction, expected) => {
    expect(exactMatch(prediction, accepted)).toBe(expected);
    expect(tokenF1OrNone(prediction, accepted)).toBe(expected);
  });

  const references = [["Normandy"], ["10th century", "the 10th"], [], [], ["France"]];
  const guesses = ["in Normandy", "10th century", "Rollo", "", ""];
  const all = ["in Normandy", "10th century", "Rollo", "William", "France"];
  const surely = [-4, -1, 2, 6, 1.5];
  const parts = {
    total: 5,
    HasAns_exact: 33.333333333333336,
    HasAns_f1: 55.55555555555555,
    HasAns_total: 3,
    NoAns_total: 2,
  };

  test.each([0, 1])("of five questions with threshold %i", (threshold) => {
    const noAnswers = { NoAns_exact: 100, NoAns_f1: 100 };
    const final = { ...parts, ...noAnswers, exact: 60, f1: 73.33333333333333 };
    expectScores(squadV2(references, guesses, { noAnswer: surely, threshold }), {
      ...final,
      ...{ best_exact: 60, best_exact_thresh: -1, best_f1: 73.33333333333333, best_f1_thresh: -1 },
    });
    expectScores(squadV2(references, all, { noAnswer: surely, threshold }), {
      ...final,
      ...{ best_exact: 80, best_exact_thresh: 1.5, best_f1: 93.33333333333333, best_f1_thresh: 1.5 },
    });
  });

  test("of equal measures of no answer, in the order of the questions", () => {
    const final = { ...parts, NoAns_exact: 50, NoAns_f1: 50, exact: 40, f1: 53.33333333333333 };
    const best = { best_exact: 60, best_exact_thresh: 0, best_f1: 73.33333333333333, best_f1_thresh: 0 };
    expectScores(squadV2(references, guesses), { ...final, ...best });
    const backwards = { best_exact: 40, best_exact_thresh: 0, best_f1: 53.33333333333333, best_f1_thresh: 0 };
    expectScores(squadV2(references.toReversed(), guesses.toReversed()), { ...final, ...backwards });
  });

  test("of whole prediction files, at every threshold", () => {
    for (const { references: accepted, predictions, noAnswer, squad_v2: expected } of fixture.files)
      for (const { threshold, scores } of expected)
        expectScores(squadV2(accepted, predictions, { noAnswer, threshold }), scores);
  });

  test("needs a measure of no answer of each question", () => {
    expect(() => squadV2([[]], [""], { noAnswer: [] })).toThrow("squad_v2: 0 measures of no answer for 1 predictions");
  });
});
