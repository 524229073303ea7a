/** SQuAD's files as they are passed around, by what simple answers score on them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Example } from "../data/examples.ts";
import { squad, squadV2 } from "../metrics/squad.ts";
import { openTask } from "./registry.ts";

const data = process.env["ROCOFT_DATA"] ?? "";
const reason = data ? "" : " (skipped: ROCOFT_DATA names no folder)";

function read(task: string, file: string): readonly Example[] {
  const path = join(data, "squad", file);
  return openTask(task, { where: path, text: readFileSync(path, "utf8") }).training.examples;
}

const firstWords = ({ texts }: Example): string =>
  texts[1]!
    .split(/\s+/)
    .filter((word) => word !== "")
    .slice(0, 3)
    .join(" ");
const goldOf = ({ references = [] }: Example) => references;

function expectScores(scores: Readonly<Record<string, number>>, expected: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(expected)) expect(scores[name], name).toBeCloseTo(value, 9);
}

describe.skipIf(!data)(`SQuAD's files${reason}`, () => {
  test("v1: the first three words of each context", () => {
    const examples = read("squad", "v1/val_sample1000.jsonl");
    expect(examples).toHaveLength(1000);
    expectScores(squad.compute(examples.map(goldOf), examples.map(firstWords)), {
      exact_match: 0.8,
      f1: 5.779670659577777,
    });
  });

  test("v2: every answer stands where the data says", () => {
    const train = read("squad_v2", "v2/train_10articles.jsonl");
    expect(train).toHaveLength(4719);
    expect(train.filter(({ answer }) => answer === null)).toHaveLength(348);
    for (const { answer, texts, references } of train)
      if (answer) expect(texts[1]!.slice(answer.begin, answer.end)).toBe(references![0]);
  });

  describe("v2", () => {
    const examples = data ? read("squad_v2", "v2/dev_half_cs224n.jsonl") : [];
    const references = examples.map(goldOf);
    const least = 52.122408687068116;

    test("nothing is answered", () => {
      const scores = squadV2(
        references,
        examples.map(() => ""),
      );
      expectScores(scores, { exact: least, f1: least, HasAns_exact: 0, NoAns_exact: 100, total: 6078 });
    });

    test("the last accepted answer, or the first three words where there is none, by the question's length", () => {
      const predictions = examples.map((example) => goldOf(example).at(-1) ?? firstWords(example));
      const noAnswer = examples.map(({ texts }) => texts[0].length / 1000);
      const best = { best_exact: 52.53372820006581, best_exact_thresh: 0.026, best_f1: 52.53372820006581 };
      expectScores(squadV2(references, predictions, { noAnswer }), {
        ...best,
        exact: 47.86113853241198,
        f1: 47.86113853241198,
        HasAns_exact: 99.96563573883161,
      });
    });

    test("the first three words, by the context's length", () => {
      const noAnswer = examples.map(({ texts }) => 1 / texts[1]!.length);
      expectScores(squadV2(references, examples.map(firstWords), { noAnswer }), {
        exact: 0.7074695623560382,
        f1: 3.190262362363744,
        best_exact: least,
        best_exact_thresh: 0,
        best_f1: 52.126064860516976,
        best_f1_thresh: 0.0002461235540241201,
      });
    });
  });
});
