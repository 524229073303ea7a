/** What likelihoods choose among: the contexts and choices of lm-evaluation-harness. */
import { describe, expect, test } from "vitest";
import { likelihoodOf } from "./questions.ts";
import { openTask, type TaskName } from "./registry.ts";

const exampleOf = (name: TaskName, row: object) =>
  openTask(name, { where: "train.jsonl", text: JSON.stringify(row) }).training.examples[0]!;

const choices = { text: ["ice", "fire"], label: ["A", "B"] };
const passage = { passage: "Ice is cold.", question: "is ice hot" };
const situation = { context: "Al fell.", question: "Why?", answerA: "a", answerB: "b", answerC: "c" };

describe("what likelihoods choose among", () => {
  const itemOf = (name: TaskName, row: object) => likelihoodOf(name, exampleOf(name, row).question!);

  test.each<[TaskName, object, readonly string[], readonly string[], number, readonly number[]]>([
    [
      "boolq",
      { ...passage, answer: true },
      ["Ice is cold.\nQuestion: is ice hot?\nAnswer:"],
      [" no", " yes"],
      1,
      [2, 3],
    ],
    [
      "piqa",
      { goal: "sit", sol1: "é", sol2: "😀 wall", label: 0 },
      ["Question: sit\nAnswer:"],
      [" é", " 😀 wall"],
      0,
      [1, 6],
    ],
    ["social_i_qa", { ...situation, label: 3 }, ["Q: Al fell. Why?\nA:"], [" a", " b", " c"], 2, [1, 1, 1]],
    [
      "arc_easy",
      { question: "Hot?", choices, answerKey: "A" },
      ["Question: Hot?\nAnswer:"],
      [" ice", " fire"],
      0,
      [3, 4],
    ],
    ["openbookqa", { question_stem: "Hot is ", choices, answerKey: "A" }, ["Hot is"], ["  ice", "  fire"], 0, [3, 4]],
    [
      "aqua",
      { question: "2?", options: ["A)2", "B)3"], correct: "A" },
      ["Q: 2? Answer Choices: (A)2 (B)3\nA: Among A through B, the answer is"],
      [" (A)2", " (B)3"],
      0,
      [4, 4],
    ],
    [
      "hellaswag",
      {
        activity_label: "Flying",
        ctx: "A man stands. he LIFTS",
        ctx_b: "he LIFTS",
        endings: ["[step] Buy  it [substeps] now", "up."],
        label: 0,
      },
      ["Flying: A man stands. He lifts"],
      ["  Buy it now", " up."],
      0,
      [11, 3],
    ],
    [
      "hellaswag",
      {
        activity_label: "Travel",
        ctx: "[header] How to become an au pair [title] Consult online databases. [step] Go.",
        ctx_b: "",
        endings: ["a", "b"],
        label: 1,
      },
      ["Travel: How to become an au pair. Consult online databases. Go."],
      [" a", " b"],
      1,
      [1, 1],
    ],
  ])("%s: %j", (name, row, contexts, continuations, gold, normalisers) => {
    const each = contexts.length === 1 ? continuations.map(() => contexts[0]!) : contexts;
    expect(itemOf(name, row)).toEqual({ contexts: each, continuations, gold, normalisers });
  });

  test("winogrande: one continuation behind either option", () => {
    const row = { sentence: "Al saw Bo, so _ ran _ .", option1: "Al", option2: "Bo", answer: 2 };
    expect(itemOf("winogrande", row)).toMatchObject({
      contexts: ["Al saw Bo, so Al", "Al saw Bo, so Bo"],
      continuations: [" ran _ .", " ran _ ."],
      gold: 1,
    });
  });

  test("needs choices, and of boolq the passage", () => {
    const number = exampleOf("svamp", { Body: "a", Question: "b", Answer: 3 }).question!;
    expect(() => likelihoodOf("svamp", number)).toThrow(
      /^svamp: no choices to find likely, expected a question of boolq, /,
    );
    const instruction =
      "Please answer the following question with true or false, question: a?\n\nAnswer format: true/false";
    expect(() => itemOf("boolq", { instruction, answer: "true" })).toThrow(/^boolq: a question without its passage/);
  });
});
