/** The real corpus, split as the quickstart splits it. */
import { beforeAll, expect, test } from "vitest";
import { type Mail, readMails } from "./mails.ts";
import { similarPairs, type Split, sizes, splitMails, withoutNearDuplicates } from "./split.ts";

let mails: Mail[] = [];
let split: Split;

beforeAll(async () => {
  mails = await readMails();
  split = splitMails(withoutNearDuplicates(mails), 42);
}, 120_000);

test("the parts have their sizes and the corpus' share of spam", () => {
  const parts: readonly (readonly Mail[])[] = [split.train, split.validation, split.test];
  const shares = parts.map((part) => part.filter(({ label }) => label === "spam").length / part.length);
  expect(parts.map(({ length }) => length)).toEqual([sizes.train, sizes.validation, sizes.test]);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(0.005);
});

test("no two mails, on whatever sides, are nearly the same", () => {
  const all = [...split.train, ...split.validation, ...split.test];
  const texts = all.map(({ text }) => text);
  expect(similarPairs(texts).map(([a, b]) => [all[a]!.id, all[b]!.id])).toEqual([]);
});

test("no thread is on both sides", () => {
  const seen = new Set([...split.train, ...split.validation].map(({ subject }) => subject.toLowerCase()));
  expect(split.test.filter(({ subject }) => subject !== "" && seen.has(subject.toLowerCase()))).toEqual([]);
});

test("no text has a trace of lists, addresses or the makers of the corpus", () => {
  const traces =
    /mailman\/listinfo|sf\.net email is sponsored|Irish Linux Users' Group:|DeathToSpam|zzzz|https?:\/\/|\w@\w+\.\w/i;
  expect(mails.filter(({ text }) => traces.test(text)).map(({ id, text }) => [id, traces.exec(text)![0]])).toEqual([]);
});
