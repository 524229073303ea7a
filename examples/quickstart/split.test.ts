import { array, assert, constantFrom, integer, property } from "fast-check";
import { expect, test } from "vitest";
import type { Mail } from "./mails.ts";
import { shingles, similarPairs, splitMails, withoutNearDuplicates } from "./split.ts";

const words = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, i) => `w${String.fromCodePoint(97 + ((from + i) % 26), 97 + Math.floor((from + i) / 26))}`,
  ).join(" ");

function mail(text: string, label: Mail["label"] = "ham", subject = ""): Mail {
  return { id: text, label, subject, text };
}

test("shingles are runs of three words, without case, digits and marks", () => {
  expect(shingles("Save 75% on LIFE insurance!")).toEqual(new Set(["save on life", "on life insurance"]));
  expect(shingles("Hi there")).toEqual(new Set(["hi there"]));
});

test("the pairs are those whose index, taken by its definition, reaches the threshold", () => {
  const text = array(constantFrom("a", "b", "c"), { maxLength: 8 }).map((words) => words.join(" "));
  assert(
    property(array(text, { maxLength: 12 }), integer({ min: 1, max: 10 }), (texts, tenths) => {
      const expected = texts.flatMap((one, a) =>
        texts.flatMap((other, b) => (a < b && jaccard(one, other) >= tenths / 10 ? [[a, b]] : [])),
      );
      const order = ([a, b]: readonly number[], [c, d]: readonly number[]) => a! - c! || b! - d!;
      expect(similarPairs(texts, tenths / 10).sort(order)).toEqual(expected);
    }),
  );
});

function jaccard(one: string, other: string): number {
  const [p, q] = [shingles(one), shingles(other)];
  const both = [...p].filter((run) => q.has(run)).length;
  return both / new Set([...p, ...q]).size;
}

test("of a chain of near-copies the first is kept", () => {
  const [a, b, c] = [words(0, 12), words(5, 17), words(10, 22)];
  expect(similarPairs([a, b, c])).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(
    withoutNearDuplicates([mail("something else entirely"), mail(a), mail(c), mail(b)]).map(({ text }) => text),
  ).toEqual(["something else entirely", a]);
});

test("copies that differ in serial numbers and case are near-copies", () => {
  expect(
    withoutNearDuplicates([mail("Your order 123 has been shipped"), mail("your ORDER 9 has been shipped!")]),
  ).toHaveLength(1);
});

test("a split that cannot be filled is refused", () => {
  expect(() => splitMails([mail("a"), mail("b", "spam")], 1)).toThrow(
    "split: 499 spam and 499 ham too few for the test part",
  );
});

// Threads of three, one mail of each spam, and mails that stand alone.
const numbered = Array.from({ length: 300 }, (_, i) =>
  mail(`mail ${i}`, i % 3 === 0 ? "spam" : "ham", `Subject ${i < 150 ? Math.floor(i / 3) : i}`),
);
const counts = { test: 60, validation: 30, train: 150 };

test("the same seed gives the same split, another seed another", () => {
  expect(splitMails(numbered, 7, counts)).toEqual(splitMails(numbered, 7, counts));
  expect(splitMails(numbered, 8, counts).test).not.toEqual(splitMails(numbered, 7, counts).test);
});

test("the parts have their sizes, the classes' shares and no thread in common", () => {
  const split = splitMails(numbered, 7, counts);
  const parts: readonly (readonly Mail[])[] = [split.test, split.validation, split.train];
  expect(parts.map(({ length }) => length)).toEqual([counts.test, counts.validation, counts.train]);
  for (const part of parts) expect(part.filter(({ label }) => label === "spam")).toHaveLength(part.length / 3);
  const threads = parts.map((part) => new Set(part.map(({ subject }) => subject)));
  const together = new Set(parts.flatMap((part) => part.map(({ subject }) => subject)));
  expect(threads.reduce((total, { size }) => total + size, 0)).toBe(together.size);
});
