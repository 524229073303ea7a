import { describe, expect, test } from "vitest";
import type { Example } from "../data/examples.ts";
import { openTask } from "./registry.ts";
import { withAnswering } from "./squad.ts";

const context = "Rollo led the Normans 😀 to the Seine.";

function read(rows: readonly object[], task = "squad_v2", where = "d.jsonl"): readonly Example[] {
  return openTask(task, { where, text: rows.map((row) => JSON.stringify(row)).join("\n") }).training.examples;
}

const row = (answers: unknown) => ({ id: "q1", title: "T", context, question: " Who?", answers });

describe("answers", () => {
  const normans = { begin: 14, end: 21 };
  test.each<readonly [string, unknown, readonly string[], Example["answer"]]>([
    ["in two lists", { text: ["Normans", "the Normans"], answer_start: [14, 10] }, ["Normans", "the Normans"], normans],
    ["in two empty lists", { text: [], answer_start: [] }, [], null],
    ["in a list of objects", [{ text: "Normans", answer_start: 14 }], ["Normans"], normans],
    ["in an empty list", [], [], null],
    ["as one object", { text: "Normans", answer_start: 14 }, ["Normans"], normans],
    [
      "as texts, of which the first that occurs is taken",
      ["Norman", "Rollo"],
      ["Norman", "Rollo"],
      { begin: 14, end: 20 },
    ],
    ["as texts, of which only one occurs", ["a Norman", "Rollo"], ["a Norman", "Rollo"], { begin: 0, end: 5 }],
    ["as one text", "Normans", ["Normans"], normans],
    ["as an empty text", "", [], null],
    ["as JSON in a text", '{"text": ["Normans"], "answer_start": [14]}', ["Normans"], normans],
    [
      "behind a character of two UTF-16 units",
      [{ text: "Seine", answer_start: 31 }],
      ["Seine"],
      { begin: 32, end: 37 },
    ],
    ["where empty ones are none", [{ text: "", answer_start: 0 }], [], null],
  ])("%s", (_, answers, references, answer) => {
    const [example] = read([row(answers)]);
    expect(example).toEqual({ line: 1, texts: [" Who?", context], label: null, id: "q1", references, answer });
  });

  test("of the same question in CSV", () => {
    const text = `id,question,context,answers\n7,Who?,"${context}",Normans\n`;
    const { examples } = openTask("squad", { where: "d.csv", text }).training;
    expect(examples).toEqual([
      { line: 2, texts: ["Who?", context], label: null, id: "7", references: ["Normans"], answer: normans },
    ]);
  });

  test("in columns that are named", () => {
    const text = JSON.stringify({ q: "Who?", passage: context, gold: ["Rollo"] });
    const columns = { textColumn: "q", textPairColumn: "passage", labelColumn: "gold" };
    const { training, task } = openTask("squad", { where: "d.jsonl", text }, columns);
    expect(training.examples[0]).toMatchObject({ texts: ["Who?", context], references: ["Rollo"] });
    expect(task).toMatchObject({ textColumns: [["q", "passage"]], labelColumns: ["gold"] });
  });
});

test.each([
  ["no column of answers", { question: "Who?", context }, "d.jsonl: no label column answers, found question, context"],
  [
    "no context",
    { question: "Who?", answers: [] },
    "d.jsonl: no text in columns question and context, found question, answers",
  ],
  ["a question that is no text", { ...row([]), question: 5 }, 'd.jsonl:1: "5" in column "question", expected a text'],
  [
    "answers that are none",
    row([5]),
    'd.jsonl:1: "[5]" in column "answers", expected answers: texts, with answer_start of each where it is known',
  ],
  [
    "lists of unequal lengths",
    row({ text: ["a", "b"], answer_start: [1] }),
    `d.jsonl:1: ${JSON.stringify('{"text":["a","b"],"answer_start":[1]}')} in column "answers", expected answers: texts, with answer_start of each where it is known`,
  ],
  [
    "an answer that is elsewhere",
    row([{ text: "Normans", answer_start: 13 }]),
    'd.jsonl:1: the answer "Normans" is not at answer_start 13 of the context, where " Norman" stands',
  ],
  [
    "an answer behind the context",
    row([{ text: "Normans", answer_start: 1e9 }]),
    'd.jsonl:1: the answer "Normans" is not at answer_start 1000000000 of the context, where "" stands',
  ],
  ["an answer that does not occur", row(["Vikings"]), 'd.jsonl:1: the answer "Vikings" does not occur in the context'],
])("%s is refused", (_, bad, message) => {
  expect(() => read([bad])).toThrow(new Error(message));
});

test("squad has an answer to every question", () => {
  expect(() => read([row([])], "squad")).toThrow(
    new Error('d.jsonl:1: no answer in column "answers", expected one at least (squad_v2 asks without)'),
  );
});

test("columns that make no question are refused", () => {
  const source = { where: "d.jsonl", text: JSON.stringify(row([])) };
  expect(() => openTask("squad_v2", source, { textColumn: "question" })).toThrow(/^squad_v2: a text_column alone, /);
  expect(() => openTask("squad_v2", source, { regression: true })).toThrow("squad_v2: regression true asked for");
});

test("settings of answering are for questions alone", () => {
  const settings = { doc_stride: 5, n_best_size: 3, max_answer_length: 4, null_score_diff_threshold: 1 };
  const source = (columns: object) => ({ where: "d.jsonl", text: JSON.stringify(columns) });
  const { task } = openTask("squad_v2", source(row([])));
  expect(withAnswering(task, { ...settings }).answering).toEqual({ metric: "squad_v2", ...settings });
  const { task: other } = openTask("sst2", source({ sentence: "a", label: 1 }));
  expect(withAnswering(other, settings)).toBe(other);
});
