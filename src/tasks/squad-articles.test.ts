/** SQuAD's own files: one object, on one line or on many. */
import { expect, test } from "vitest";
import { badRowTally } from "./bad-rows.ts";
import { openTask } from "./registry.ts";

const context = "Rollo led the Normans to the Seine.";
/** As of v2.0, whose second question has no answer. */
const file = {
  version: "v2.0",
  data: [
    {
      title: "Normans",
      paragraphs: [
        {
          qas: [
            { question: "Who?", id: "q1", answers: [{ text: "Rollo", answer_start: 0 }], is_impossible: false },
            {
              plausible_answers: [{ text: "Normans", answer_start: 14 }],
              question: "Why?",
              id: "q2",
              answers: [],
              is_impossible: true,
            },
          ],
          context,
        },
      ],
    },
    {
      title: "Seine",
      paragraphs: [
        { qas: [], context: "Nothing." },
        { qas: [{ question: "Where?", id: "q3", answers: [{ text: "Seine", answer_start: 29 }] }], context },
      ],
    },
  ],
};
const examples = [
  { line: 1, texts: ["Who?", context], label: null, id: "q1", references: ["Rollo"], answer: { begin: 0, end: 5 } },
  { line: 2, texts: ["Why?", context], label: null, id: "q2", references: [], answer: null },
  { line: 3, texts: ["Where?", context], label: null, id: "q3", references: ["Seine"], answer: { begin: 29, end: 34 } },
];
const open = (content: unknown, task = "squad_v2", indent = 0) =>
  openTask(task, { where: "dev-v2.0.json", text: JSON.stringify(content, null, indent) }).training.examples;

test.each([0, 1, 2])("each question is a row, indented by %d", (indent) => {
  expect(open(file, "squad_v2", indent)).toEqual(examples);
});

test("squad asks only what has an answer, as in any of its files", () => {
  expect(() => open(file, "squad")).toThrow(/^dev-v2\.0\.json:2: no answer in column "answers", expected one at least/);
  const [, second] = file.data;
  expect(open({ version: "1.1", data: [second] }, "squad")).toEqual([{ ...examples[2], line: 1 }]);
});

test.each<[string, unknown, string]>([
  ["data of something else", { data: [1] }, 'data[0] is "1", expected an object'],
  ["an article without paragraphs", { data: [{ title: "T" }] }, "data[0].paragraphs is missing, expected a list"],
  [
    "questions that are no list",
    { data: [{ paragraphs: [{ context, qas: {} }] }] },
    'data[0].paragraphs[0].qas is "{}", expected a list',
  ],
])("%s is refused with its path", (_, content, reason) => {
  expect(() => open(content)).toThrow(new Error(`dev-v2.0.json:1: ${reason}`));
});

test("what is bad of one is skipped alone", () => {
  const badRows = badRowTally("skip");
  const odd = {
    data: [...file.data, { title: "odd", paragraphs: [{ qas: [{ question: 7, answers: [] }, "?"], context }] }],
  };
  const source = { where: "dev.json", text: JSON.stringify(odd) };
  expect(openTask("squad_v2", source, {}, { onBadRow: badRows.take }).training.examples).toEqual(examples);
  expect(badRows.skipped()).toEqual({
    count: 2,
    reasons: [
      'dev.json:1: data[2].paragraphs[0].qas[1] is "\\"?\\"", expected an object',
      'dev.json:4: "7" in column "question", expected a text',
    ],
  });
});

test("a table that happens to have a column of lists called data stays as it is", () => {
  const text = JSON.stringify([
    { question: "Who?", context, answers: "Rollo", data: [] },
    { question: "?", context, answers: "" },
  ]);
  expect(openTask("squad_v2", { where: "x.json", text }).training.examples).toHaveLength(2);
});
