/** What the study of the tasks runs and in which order, and what its tables make of the runs that are in. */
import { expect, test } from "vitest";
import { isDone, missingOf, type Result } from "../bench/tasks-results.ts";
import { type MethodName, nameOf, runs, studied } from "../bench/tasks-runs.ts";
import { costTable, runTable, scoreTable, spread } from "../scripts/docs/tasks-study/tables.ts";
import { taskNamed } from "../src/tasks/registry.ts";

const rte = studied.find(({ task }) => task === "rte")!;

function result(method: MethodName, seed: number, accuracy: number): Result {
  return {
    ...{ part: "glue", task: "rte", method, seed, learningRate: 1e-3, trained: 10, scores: { accuracy } },
    chance: { accuracy: 0.5 },
    protocols: [{ scores: ["accuracy"], way: "", data: "dev.tsv", items: 277, split: "validation", reference: "" }],
    ...{ seconds: { train: 1, evaluate: null }, machine: "a machine" },
  };
}

test("every run is of a known task, once, and every task has a run before any has a second seed", () => {
  expect(studied.map(({ task }) => taskNamed(task).name)).toEqual(studied.map(({ task }) => task));
  expect(new Set(runs.map(nameOf)).size).toBe(runs.length);
  const second = runs.findIndex(({ seed }) => seed === 2);
  expect(new Set(runs.slice(0, second).map((run) => run.studied))).toEqual(new Set(studied));
  expect(runs.slice(second).every(({ seed }) => seed > 1)).toBe(true);
});

test("a run is done by its task, method and seed", () => {
  const results = [result("rows", 1, 0.6)];
  expect(runs.filter((run) => isDone(results, run)).map(nameOf)).toEqual(["rte-rows-1"]);
  expect(missingOf(results, rte)).toEqual([
    { seed: 1, methods: ["lora", "full", "head", "columns"] },
    { seed: 2, methods: rte.methods },
    { seed: 3, methods: rte.methods },
  ]);
});

test("what is missing stands beside what is in", () => {
  const page = runTable([result("rows", 1, 0.6)]);
  expect(page).toContain(`1 of ${runs.length} runs are in: a machine.`);
  expect(page).toContain("| GLUE, `rte` | 1 of 15 | seed 1: LoRA; full; head; RoCoFT, 3 columns · seed 2, 3: all |");
});

test("a score has its items, chance, and mean ± standard deviation over seeds", () => {
  const results = [result("rows", 3, 0.62), result("rows", 1, 0.6), result("rows", 2, 0.64), result("head", 1, 0.55)];
  const lines = scoreTable(results, "glue").split("\n");
  expect(lines.slice(2)).toEqual(["| `rte`, `accuracy` | 277 | 50.00 | 62.00 ± 2.00 | – | – | – | 55.00 |"]);
  expect(scoreTable(results, "squad")).toBe("No run is in yet.");
  // Of 1 and 3 the deviation from the mean is 1 on both sides: √(2 / 1).
  expect(spread([1, 3])).toBe("2.00 ± 1.41 (2)");
});

test("seconds are of the machine where most of a part was trained, whatever else trained a method", () => {
  const on = (method: MethodName, seed: number, machine: string, train: number): Result => ({
    ...result(method, seed, 0.6),
    ...{ machine, seconds: { train, evaluate: null } },
  });
  const fast = [1, 2, 3].map((seed) => on("rows", seed, `fast, 2026-11-2${seed}`, 10 * seed));
  const slow = [on("full", 1, "slow, 2026-11-24", 600), on("full", 2, "slow, 2026-11-24", 700)];
  const lines = costTable([...fast, ...slow, on("full", 3, "fast, 2026-11-24", 200)]).split("\n");
  expect(lines.slice(2)).toEqual(["| GLUE, RoCoFT, 3 rows | 1e-3 | 10 | 20 |", "| GLUE, full | 1e-3 | 10 | 200 |"]);
  expect(costTable([...fast, ...slow])).toContain("| GLUE, full | 1e-3 | 10 | – |");
});
