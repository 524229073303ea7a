import { expect, test } from "vitest";
import type { Dataset } from "./examples.ts";
import { fewShot, sampled } from "./few-shot.ts";

/** Examples whose label is their line modulo the number of classes. */
const dataset = (count: number, classes = 3): Dataset => ({
  where: "train.tsv",
  examples: Array.from({ length: count }, (_, line) => ({ line, texts: [`text ${line}`], label: line % classes })),
});
const lines = ({ examples }: Dataset) => examples.map(({ line }) => line);
const labels = ["a", "b", "c"];

test("draws k examples of each class to learn from and as many others to validate on", () => {
  const data = dataset(60);
  const { train, validation } = fewShot(data, labels, 4, 13);
  for (const part of [train, validation]) {
    expect(part.examples.map(({ label }) => label)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(part.examples.every((example) => data.examples.includes(example))).toBe(true);
    expect(part.where).toBe("train.tsv");
  }
  expect(new Set([...lines(train), ...lines(validation)]).size).toBe(24);
});

test("the seed alone decides the draw, and every example is drawn by some", () => {
  const draw = (seed: number) => lines(fewShot(dataset(30), labels, 2, seed).train);
  expect(draw(13)).toEqual(draw(13));
  expect(draw(13)).not.toEqual(draw(21));
  const all = new Set(Array.from({ length: 60 }, (_, seed) => draw(seed)).flat());
  expect(all.size).toBe(30);
});

test("a class of too few examples is refused", () => {
  expect(() => fewShot(dataset(11), labels, 2, 1)).toThrow(
    "train.tsv: 3 examples of c, expected at least 4, 2 to learn from and 2 to validate on",
  );
  expect(lines(fewShot(dataset(12), labels, 2, 1).train)).toHaveLength(6);
});

test("a sample keeps the order, and a small data set is its own", () => {
  const data = dataset(100);
  const drawn = lines(sampled(data, 10, 42));
  expect(drawn).toEqual(drawn.toSorted((a, b) => a - b));
  expect(new Set(drawn).size).toBe(10);
  expect(lines(sampled(data, 10, 42))).toEqual(drawn);
  expect(lines(sampled(data, 10, 43))).not.toEqual(drawn);
  expect(sampled(data, 100, 42)).toBe(data);
});
