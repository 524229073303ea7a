import { describe, expect, test } from "vitest";
import { worstDifference } from "../../test/draw.ts";
import { tinyData, tinyModel } from "../../test/tiny-training.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { decisions, predict, probabilities, score } from "./evaluate.ts";
import { forwardPass } from "./step.ts";

const rows = (...logits: number[][]) => logits.map((row) => Float32Array.from(row));

test("a class is decided by the largest logit, the first of equals; a number is itself", () => {
  expect(rows([1, 3, 2], [-5, -4, -6], [2, 2, 1]).map(decisions.classification)).toEqual([1, 1, 0]);
  expect(rows([0.5], [-2]).map(decisions.regression)).toEqual([0.5, -2]);
});

test("probabilities are the softmax, however large the logits", () => {
  const [a, b, c] = [Math.exp(1), Math.exp(2), Math.exp(0)];
  probabilities(Float32Array.of(1, 2, 0)).forEach((p, i) => expect(p).toBeCloseTo([a, b, c][i]! / (a + b + c), 12));
  for (const p of probabilities(Float32Array.of(1e4, 1e4))) expect(p).toBeCloseTo(0.5, 12);
  expect(probabilities(Float32Array.of(0, -1e4))).toEqual([1, 0]);
});

describe("scores", () => {
  test("of a classification: mean cross-entropy and the metrics asked for", () => {
    const logits = rows([0, 0], [0, Math.log(3)], [Math.log(3), 0]);
    const { loss, ...others } = score(logits, Float64Array.of(0, 1, 1), "classification", ["accuracy", "f1"]);
    expect(loss).toBeCloseTo((Math.log(2) + Math.log(4 / 3) + Math.log(4)) / 3, 7);
    expect(others).toEqual({ accuracy: 2 / 3, f1: 2 / 3 });
  });

  test("of a regression: mean squared error", () => {
    const { loss, pearson } = score(rows([1], [2], [3]), Float64Array.of(1, 2, 6), "regression", ["pearson"]);
    expect(loss).toBe(3);
    expect(pearson).toBeCloseTo(5 / Math.sqrt(2 * 14), 12);
  });
});

test("predictions come in the order of the data, whatever the batches", async () => {
  const runtime = await nativeRuntime({ threads: 1 });
  const adapted = await tinyModel("bert-classification");
  const program = await runtime.compile(forwardPass(adapted));
  const data = tinyData(11);
  const of = (batchSize: number) => predict(program, adapted.weights, data, { batchSize, padTokenId: 0 });
  const one = await of(1);
  expect(one.map(({ length }) => length)).toEqual(data.encodings.map(() => 3));
  expect(worstDifference(one[0]!, one[1]!)).toBeGreaterThan(1e-3);
  for (const batchSize of [4, 11, 64])
    (await of(batchSize)).forEach((row, i) => expect(worstDifference(row, one[i]!)).toBeLessThan(2e-6));
  expect(await predict(program, adapted.weights, tinyData(0), { batchSize: 4, padTokenId: 0 })).toEqual([]);
  await program.dispose();
});
