/** Sets of questions: the forms of their rows, in LLM-Adapters' words, and its own records. */
import { describe, expect, test } from "vitest";
import type { Question } from "../data/question.ts";
import { instructionTemplates } from "./instructions.ts";
import { readDataset } from "./read.ts";
import { openTask, tasks, type TaskName } from "./registry.ts";

const open = (name: TaskName, ...rows: readonly object[]) =>
  openTask(name, { where: "train.jsonl", text: rows.map((row) => `${JSON.stringify(row)}\n`).join("") });
const exampleOf = (name: TaskName, row: object) => open(name, row).training.examples[0]!;
const promptOf = (instruction: string) => instructionTemplates.alpaca.training(instruction, "");

const choices = { text: ["ice", "fire"], label: ["A", "B"] };
const numbered = { text: ["ice", "fire"], label: ["1", "2"] };
const within = {
  stem: "What is hot?",
  choices: [
    { text: "ice", label: "A" },
    { text: "fire", label: "B" },
  ],
};
const passage = { passage: "Ice is cold.", question: "is ice hot" };
const beginning = { ctx: "A man stands. he", endings: ["sits.", "flies."] };
const situation = { context: "Al fell.", question: "Why?", answerA: "a", answerB: "b", answerC: "c" };

const ice =
  "Please answer the following question with true or false, question: is ice hot?\n\nAnswer format: true/false";
const fell =
  "Please choose the correct answer to the question: Al fell. Why?\n\nAnswer1: a Answer2: b Answer3: c\n\nAnswer format: answer1/answer2/answer3";
const hot =
  "Please choose the correct answer to the question: What is hot?\n\nAnswer1: ice Answer2: fire\n\nAnswer format: answer1/answer2";

// The instruction, what is said, and what is accepted, of every form that rows come in.
test.each<[TaskName, object, string, string, string]>([
  ["boolq", { ...passage, answer: false }, ice, "the correct answer is false", "false"],
  ["boolq", { ...passage, answer: "True" }, ice, "the correct answer is true", "true"],
  ["boolq", { ...passage, label: 1 }, ice, "the correct answer is true", "true"],
  [
    "piqa",
    { goal: "sit", sol1: "chair", sol2: "wall", label: 0 },
    "Please choose the correct solution to the question: sit\n\nSolution1: chair\n\nSolution2: wall\n\nAnswer format: solution1/solution2",
    "the correct answer is solution1",
    "solution1",
  ],
  ["social_i_qa", { ...situation, label: "3" }, fell, "the correct answer is answer3", "answer3"],
  ["social_i_qa", { ...situation, correct: "B" }, fell, "the correct answer is answer2", "answer2"],
  [
    "hellaswag",
    { ...beginning, activity_label: "Flying", ctx_b: "he", label: "1" },
    "Please choose the correct ending to complete the given sentence: Flying: A man stands. he\n\nEnding1: sits. Ending2: flies.\n\nAnswer format: ending1/ending2",
    "the correct answer is ending2",
    "ending2",
  ],
  [
    "hellaswag",
    { ...beginning, label: 0 },
    "Please choose the correct ending to complete the given sentence: A man stands. he\n\nEnding1: sits. Ending2: flies.\n\nAnswer format: ending1/ending2",
    "the correct answer is ending1",
    "ending1",
  ],
  [
    "winogrande",
    { sentence: "Al saw Bo, _ ran.", option1: "Al", option2: "Bo", answer: "2" },
    "Please choose the correct answer to fill in the blank to complete the given sentence: Al saw Bo, _ ran.\n\nOption1: Al Option2: Bo Answer format: option1/option2",
    "the correct answer is option2",
    "option2",
  ],
  ["arc_easy", { question: "What is hot?", choices, answerKey: "B" }, hot, "the correct answer is answer2", "answer2"],
  [
    "arc_challenge",
    { question: "What is hot?", choices: numbered, answerKey: "1" },
    hot,
    "the correct answer is answer1",
    "answer1",
  ],
  [
    "openbookqa",
    { question_stem: "What is hot?", choices, answerKey: " B" },
    hot,
    "the correct answer is answer2",
    "answer2",
  ],
  ["openbookqa", { question: within, answerKey: "A" }, hot, "the correct answer is answer1", "answer1"],
  [
    "openbookqa",
    { question: "What is hot?", choices: ["ice", "fire"], label: 1 },
    hot,
    "the correct answer is answer2",
    "answer2",
  ],
  [
    "gsm8k",
    { question: "How many?", answer: "1+1=<<1+1=2>>2 and\n500*2=<<500*2=1000>>1,000\n#### 1,000" },
    "How many?",
    "1+1=2 and\n500*2=1,000\n#### 1000",
    "1000",
  ],
  ["addsub", { sQuestion: "How many ? ", lSolutions: ["43"] }, "How many ? ", "The answer is 43.", "43"],
  ["multiarith", { question: "How many?", final_ans: "7" }, "How many?", "The answer is 7.", "7"],
  ["singleeq", { sQuestion: "How many?", lSolutions: [0.5] }, "How many?", "The answer is 0.5.", "0.5"],
  ["svamp", { Body: "Al has 3", Question: "How many?", Answer: 3 }, "Al has 3. How many?", "The answer is 3.", "3"],
  [
    "svamp",
    { Body: "Al has 3.", Question: "How many?", Answer: "3.0" },
    "Al has 3. How many?",
    "The answer is 3.",
    "3",
  ],
  [
    "aqua",
    { question: "How many?", options: ["A)3(x)", "B)4"], correct: "B" },
    "How many? Answer Choices: (A) 3 (x)  (B) 4",
    "The answer is (B).",
    "B",
  ],
])("%s: %j", (name, row, instruction, said, accepted) => {
  expect(exampleOf(name, row)).toMatchObject({ texts: [promptOf(instruction), said], references: [accepted] });
});

describe("LLM-Adapters' records", () => {
  test.each<[TaskName, string, string, Partial<Question>]>([
    [
      "boolq",
      "Please answer the following question with true or false, question: is it?\n\nAnswer format: true/false",
      "true",
      { asked: "is it", choices: ["false", "true"], gold: 1 },
    ],
    [
      "piqa",
      "Please choose the correct solution to the question: a\n\nb\n\nSolution1: c\n\nSolution2: d\n\nAnswer format: solution1/solution2",
      "solution2",
      { asked: "a\n\nb", choices: ["c", "d"], gold: 1 },
    ],
    [
      "arc_easy",
      "Please choose the correct answer to the question: a\n\nAnswer1: b Answer2: c Answer3: d\n\nAnswer format: answer1/answer2/answer3",
      "answer1",
      { asked: "a", choices: ["b", "c", "d"], gold: 0 },
    ],
    [
      "winogrande",
      "Please choose the correct answer to fill in the blank to complete the given sentence: _ a\n\nOption1: b Option2: c Answer format: option1/option2",
      "option2",
      { asked: "_ a", choices: ["b", "c"], gold: 1 },
    ],
    [
      "aqua",
      "a? Answer Choices: (A) 1 (B) 2 (C) (3) (D) 4 (E) 5",
      "C",
      { asked: "a?", choices: ["1", "2", "(3)", "4", "5"], gold: 2 },
    ],
    ["gsm8k", " a? ", "576.0", { asked: " a? ", answer: "576" }],
  ])("of %s are taken apart: %j", (name, instruction, answer, question) => {
    const { texts, ...rest } = exampleOf(name, { instruction, input: "", output: "\nA: so.", answer });
    expect(texts).toEqual([promptOf(instruction), "\nA: so."]);
    expect(rest.question).toMatchObject(question);
    const unsaid = exampleOf(name, { instruction, input: "", output: "", answer });
    expect(unsaid.texts[1]).not.toBe("");
  });

  test("of another set are refused", () => {
    const instruction = "Please choose the correct answer to the question: a\n\nAnswer1: b\n\nAnswer format: answer1";
    expect(() => open("piqa", { instruction, output: "", answer: "answer1" })).toThrow(
      /^train\.jsonl:1: "Please choose .*…" in column "instruction", expected the wording of LLM-Adapters$/,
    );
  });
});

test.each<[string, TaskName, object, string]>([
  [
    "a label that there is not",
    "piqa",
    { goal: "a", sol1: "b", sol2: "c", label: 2 },
    'train.jsonl:1: "2" in column "label", expected one of 0, 1',
  ],
  [
    "no label",
    "winogrande",
    { sentence: "a _", option1: "b", option2: "c", answer: "" },
    'train.jsonl:1: "" in column "answer", expected one of 1, 2',
  ],
  [
    "a text that is none",
    "piqa",
    { goal: 1, sol1: "b", sol2: "c", label: 1 },
    'train.jsonl:1: "1" in column "goal", expected a text',
  ],
  [
    "no list",
    "hellaswag",
    { ctx: "a", endings: "b", label: 1 },
    'train.jsonl:1: "b" in column "endings", expected a list of texts',
  ],
  [
    "choices without names",
    "arc_easy",
    { question: "a", choices: { text: ["b"] }, answerKey: "A" },
    'train.jsonl:1: "{\\"text\\":[\\"b\\"]}" in column "choices", expected choices: text and label of each',
  ],
  [
    "steps without a number",
    "gsm8k",
    { question: "a", answer: "so 3" },
    'train.jsonl:1: "so 3" in column "answer", expected steps and a number behind "#### "',
  ],
  [
    "a number that is none",
    "svamp",
    { Body: "a", Question: "b", Answer: "many" },
    'train.jsonl:1: "\\"many\\"" in column "Answer", expected a number',
  ],
  [
    "other columns",
    "piqa",
    { text: "a" },
    "train.jsonl: no text in columns goal and sol1 and sol2 and label, or instruction and answer, found text",
  ],
])("refuses %s", (_, name, row, message) => {
  expect(() => open(name, row)).toThrow(new Error(message));
});

test("columns are not to be named", () => {
  expect(() => tasks.piqa.resolve({ columns: [], rows: [] }, "", { textColumn: "a" })).toThrow(
    new Error("piqa: columns given, but it reads its own"),
  );
});

test("a task is plain data, and reads what a run kept of it", () => {
  const row = { goal: "a", sol1: "b", sol2: "c", label: 1 };
  const { task, training } = open("piqa", row);
  const kept = JSON.parse(JSON.stringify(task)) as typeof task;
  expect(kept).toEqual(task);
  expect(readDataset(kept, { where: "train.jsonl", text: JSON.stringify(row) })).toEqual(training);
});
