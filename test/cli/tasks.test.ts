/** The list of tasks. */
import { expect, test } from "vitest";
import { tasks } from "../../src/tasks/registry.ts";
import { json, output } from "../cli.ts";

test("every task has a row: its kind, columns, metrics and how they come about", async () => {
  const rows = (await output(["tasks"], { cwd: "." })).trimEnd().split("\n").slice(2);
  const cells = rows.map((row) => row.split(/ {2,}/));
  expect(cells.map(([name, kind]) => [name, kind])).toEqual(Object.values(tasks).map(({ name, kind }) => [name, kind]));
  expect(cells).toContainEqual([
    "mrpc",
    "classification",
    "sentence1, sentence2, label or Quality; 2 more",
    "accuracy, f1",
    "validation",
  ]);
  expect(cells).toContainEqual([
    "piqa",
    "prompt-completion",
    "goal, sol1, sol2, label; 1 more",
    "solution_number, acc, acc_norm",
    "validation, 4 beams, likelihood",
  ]);
});

test("--json has all of it", async () => {
  const rows = await json<{ name: string }[]>(["tasks"], { cwd: "." });
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(tasks));
  expect(rows.find(({ name }) => name === "winogrande")).toEqual({
    name: "winogrande",
    kind: "prompt-completion",
    columns: ["sentence, option1, option2, answer", "instruction, answer"],
    metrics: ["option_number", "acc"],
    scoring: {
      split: "validation",
      generation: { metrics: ["option_number"], decoding: { num_beams: 4, max_new_tokens: 32 } },
      likelihood: { metrics: ["acc"], reported: "acc" },
    },
  });
});

test("a task by name: all forms of its rows, its decoding, and whose rules it is scored by", async () => {
  const gsm8k = await output(["tasks", "gsm8k"], { cwd: "." });
  expect(gsm8k).toMatch(/^gsm8k\nkind +prompt-completion\ncolumns +question, answer\ncolumns +instruction, answer\n/);
  expect(gsm8k).toMatch(/\ndecoding +num_beams 4, max_new_tokens 256\n/);
  expect(gsm8k).toMatch(/\nmetric +strict_match: the first number behind .* \(lm-evaluation-harness 0\.4\.13\)\n/);
  expect(await output(["tasks", "chat"], { cwd: "." })).toBe(
    "chat\nkind           chat\ncolumns        found by their names\nmetrics        loss\n",
  );
});
