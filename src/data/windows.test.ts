import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Example } from "./examples.ts";
import { createTokenizer, type Tokenizer } from "./tokenizer.ts";
import { encodeQuestions } from "./windows.ts";

interface Case {
  readonly tokenizer: string;
  readonly question: string;
  readonly context: string;
  readonly answer: { readonly text: string; readonly start: number } | null;
  readonly maxLength: number;
  readonly stride: number;
  readonly fails?: true;
  readonly windows?: readonly {
    readonly ids: readonly number[];
    /** How many tokens are of type 1; of the first window alone. */
    readonly second: number | null;
    /** The places of the context's tokens, and where in it the first begins and the last ends. */
    readonly context: readonly number[] | null;
    readonly labels: readonly number[];
  }[];
}

const fixtures = join(import.meta.dirname, "../../test/fixtures");
const readJson = (path: string): unknown => JSON.parse(readFileSync(join(fixtures, path), "utf8"));
const { cases } = readJson("squad/windows.json") as { cases: readonly Case[] };

const tokenizers = new Map(
  ["bert", "roberta", "llama", "unigram"].map((name): [string, Tokenizer] => {
    const { tokenizer, config } = readJson(`tokenizer/${name}.json`) as Record<"tokenizer" | "config", unknown>;
    return [name, createTokenizer(tokenizer, config, "tokenizer.json")];
  }),
);

function exampleOf({ question, context, answer }: Case): Example {
  const span = answer && { begin: answer.start, end: answer.start + answer.text.length };
  return { line: 3, texts: [question, context], label: null, answer: span };
}

describe.each([...tokenizers.keys()])("windows by %s", (name) => {
  const own = cases.filter((one) => one.tokenizer === name);
  test.each(own.map((one) => [one.question, one.maxLength, one.stride, one] as const))(
    "of %j in %i tokens, %i of them shared",
    (_, maxLength, docStride, expected) => {
      const dataset = { where: "d.jsonl", examples: [exampleOf(expected)] };
      const encode = () => encodeQuestions(dataset, tokenizers.get(name)!, { maxLength, docStride });
      if (expected.fails) return expect(encode).toThrow(/^d\.jsonl:3: a question of \d+ tokens leaves room for \d+ /);
      const { encodings } = encode();
      const made = encodings.map(({ ids, typeIds, window }, i) => {
        const { begin, offsets, answer } = window!;
        return {
          ids: [...ids],
          second: i === 0 ? typeIds.reduce((sum, type) => sum + type, 0) : null,
          context:
            offsets.length === 0 ? null : [begin, begin + offsets.length, offsets[0]!.begin, offsets.at(-1)!.end],
          labels: [...answer],
        };
      });
      expect(made).toEqual(expected.windows);
    },
  );
});

test("the fixture has windows, answers and failures of every kind", () => {
  expect(cases.filter(({ fails }) => fails)).not.toEqual([]);
  expect(cases.filter(({ windows = [] }) => windows.length > 5)).not.toEqual([]);
  const labels = cases.flatMap(({ windows = [] }) => windows.map((window) => window.labels.join()));
  expect(new Set(labels).size).toBeGreaterThan(30);
});

test("windows go on as long as they have room for more than they share", () => {
  const dataset = { where: "d.jsonl", examples: [exampleOf(cases.find(({ windows = [] }) => windows.length > 2)!)] };
  const encode = (docStride: number) =>
    encodeQuestions(dataset, tokenizers.get("bert")!, { maxLength: 24, docStride }).encodings;
  const room = encode(0)[0]!.window!.offsets.length;
  const sliding = encode(room - 1);
  expect(sliding.map(({ window }) => window!.offsets.length)).toEqual(sliding.map(() => room));
  expect(() => encode(room)).toThrow(
    `leaves room for ${room} of its text within max_seq_length 24, expected more than doc_stride ${room}`,
  );
});

test("windows name their question, and its line", () => {
  const long = cases.filter(({ tokenizer, windows = [] }) => tokenizer === "bert" && windows.length > 1).slice(0, 3);
  const examples = long.map((one, i): Example => ({ ...exampleOf(one), line: 10 + i }));
  const dataset = { where: "d.jsonl", examples };
  const made = encodeQuestions(dataset, tokenizers.get("bert")!, { maxLength: 24, docStride: 4 });
  const questions = made.encodings.map(({ window }) => window!.question);
  expect(new Set(questions)).toEqual(new Set([0, 1, 2]));
  expect(questions).toEqual(questions.toSorted((a, b) => a - b));
  expect([...made.lines]).toEqual(questions.map((question) => 10 + question));
  expect([...made.lengths]).toEqual(made.encodings.map(({ ids }) => ids.length));
  expect(made.questions).toBe(examples);
});

test("a question about nothing is refused", () => {
  const dataset = { where: "d.jsonl", examples: [{ line: 2, texts: ["Who?"], label: null } satisfies Example] };
  expect(() => encodeQuestions(dataset, tokenizers.get("bert")!, { maxLength: 24, docStride: 4 })).toThrow(
    new Error("d.jsonl:2: no second text, expected a question and what it is about"),
  );
});
