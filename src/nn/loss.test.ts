import { describe, expect, test } from "vitest";
import { gradients } from "../autodiff/gradients.ts";
import * as g from "../graph/ops.ts";
import { array64, type Array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { random } from "../tensor/random.ts";
import { crossEntropy, IGNORED_LABEL, meanSquaredError, spanLoss } from "./loss.ts";

const { normal } = random(1, "loss");
const drawn = (...shape: number[]) =>
  array64(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 3 * normal()),
  );

/** −log of the softmax of a row at its label, as it is defined. */
const surprise = (row: readonly number[], label: number) =>
  -Math.log(Math.exp(row[label]!) / row.reduce((sum, x) => sum + Math.exp(x), 0));
const average = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const rowsOf = ({ shape, data }: Array64) =>
  Array.from({ length: data.length / shape.at(-1)! }, (_, i) => [
    ...data.slice(i * shape.at(-1)!, (i + 1) * shape.at(-1)!),
  ]);

const symbolic = ["batch", "sequence"];
function classified(logits: Array64, labels: readonly number[]) {
  const leading = symbolic.slice(0, logits.shape.length - 1);
  const inputs = [g.input("logits", [...leading, logits.shape.at(-1)!]), g.input("labels", leading, "int64")] as const;
  const loss = crossEntropy(...inputs);
  const [gradient] = gradients(loss, [inputs[0]]);
  const feeds = { logits, labels: array64(logits.shape.slice(0, -1), labels) };
  const [value, slope] = interpret([loss, gradient!], feeds);
  return { value: value!, slopes: rowsOf(slope!) };
}

describe("cross-entropy", () => {
  test.each<[string, Array64, number[]]>([
    ["one row a label", drawn(4, 3), [2, 0, 1, 1]],
    ["one class", drawn(2, 1), [0, 0]],
    ["one class, some ignored", drawn(2, 1), [0, IGNORED_LABEL]],
    ["rows by batch and sequence", drawn(2, 3, 5), [0, 4, 2, 3, 1, 1]],
    ["some ignored", drawn(2, 3, 5), [IGNORED_LABEL, 4, IGNORED_LABEL, 3, 0, IGNORED_LABEL]],
    ["all but one ignored", drawn(3, 4), [IGNORED_LABEL, IGNORED_LABEL, 3]],
  ])("is the mean over the labels that count: %s", (_, logits, labels) => {
    const rows = rowsOf(logits);
    const counted = [...labels.keys()].filter((i) => labels[i] !== -100);
    const { value, slopes } = classified(logits, labels);
    expect(value.shape).toEqual([]);
    expect(value.data[0]).toBeCloseTo(average(counted.map((i) => surprise(rows[i]!, labels[i]!))), 12);
    // (softmax − one-hot)/n where the label counts, exactly nothing where it does not.
    slopes.forEach((slope, i) =>
      slope.forEach((s, k) => {
        const expected = Math.exp(-surprise(rows[i]!, k)) - Number(k === labels[i]);
        if (labels[i] === -100) expect(s + 0).toBe(0);
        else expect(s).toBeCloseTo(expected / counted.length, 12);
      }),
    );
  });

  test("of ignored labels alone is no number", () => {
    expect(classified(drawn(2, 3), [-100, -100]).value.data[0]).toBeNaN();
  });

  test("stays finite for large logits", () => {
    const { value } = classified(array64([2, 2], [1e4, 0, 0, 1e4]), [0, 0]);
    expect(value.data[0]).toBe(5e3);
  });
});

test("mean squared error", () => {
  const [predictions, targets] = [g.input("p", ["batch"]), g.input("t", ["batch"])];
  const loss = meanSquaredError(predictions, targets);
  const feeds = { p: array64([3], [1, -2, 4]), t: array64([3], [1, 1, 2]) };
  const [value, slope] = interpret([loss, ...gradients(loss, [predictions]).map((d) => d!)], feeds);
  expect(value!.data[0]).toBeCloseTo((0 + 9 + 4) / 3, 14);
  [0, -6, 4].forEach((s, i) => expect(slope!.data[i]).toBeCloseTo(s / 3, 14));
});

describe("loss of spans", () => {
  const positions = (name: string) => g.input(name, ["batch"], "int64");
  const lossOf = (scores: Array64, starts: readonly number[], ends: readonly number[]) => {
    const loss = spanLoss(g.input("scores", ["batch", "sequence", 2]), positions("starts"), positions("ends"));
    const indices = (values: readonly number[]) => array64([values.length], [...values]);
    return interpret([loss], { scores, starts: indices(starts), ends: indices(ends) })[0]!.data[0]!;
  };
  const scores = drawn(3, 4, 2);
  /** Scores of every token of a sequence as the first (0) or last (1) of the answer. */
  const row = (sequence: number, end: number) => [0, 1, 2, 3].map((i) => scores.data[(sequence * 4 + i) * 2 + end]!);

  test("is the mean of the cross-entropies of first and last token", () => {
    const [starts, ends] = [
      [0, 2, 1],
      [3, 2, 2],
    ];
    const means = [starts!, ends!].map((at, end) => average(at.map((label, i) => surprise(row(i, end), label))));
    expect(lossOf(scores, starts!, ends!)).toBeCloseTo(average(means), 12);
  });

  test("counts a position before the sequence as the first, and leaves out one behind it", () => {
    const starts = average([surprise(row(0, 0), 1), surprise(row(2, 0), 3)]);
    const ends = average([surprise(row(0, 1), 0), surprise(row(1, 1), 3)]);
    expect(lossOf(scores, [1, 4, 3], [-7, 3, 900])).toBeCloseTo((starts + ends) / 2, 12);
  });
});
