/** `rocoft ntk` as a person runs it, and its progress. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type * as z from "zod";
import { createNtkProgress } from "../../src/cli/ntk-progress.ts";
import type { ProgressStream } from "../../src/cli/progress.ts";
import type { KernelStudy } from "../../src/node.ts";
import { ntkFields, sharedFields } from "../../src/run/ntk/config.ts";
import type { NtkEvent } from "../../src/run/ntk/study.ts";
import { json, output, rocoft, start } from "../cli.ts";
import { workshop } from "../tiny-model.ts";

const cwd = workshop();
const flags = [
  "ntk",
  "--model",
  "roberta",
  "--task",
  "sst2",
  "--data",
  "sst2",
  "--max_seq_length",
  "10",
  "--threads",
  "1",
];
const few = [
  "--shots",
  "3",
  "--seeds",
  "13,21",
  "--max_test_samples",
  "8",
  "--compare",
  "rocoft:rank=1",
  "head:name=the head",
];

test("--help has every setting, each with its description", async () => {
  const help = (await output(["ntk", "--help"], { cwd })).replaceAll(/\s+/g, " ");
  for (const [name, { description }] of Object.entries<z.ZodType>({ ...ntkFields, ...sharedFields })) {
    expect(description, name).toBeTruthy();
    expect(help).toMatch(new RegExp(` --${name}( <[^>]+>)? \\w`));
    expect(help).toContain(description);
  }
  expect(help).toContain("--kernel_formula <sgd|signgd|asymmetric_signgd> ");
});

test("a run prints a table and where the report is; again, it is there already", async () => {
  const args = [...flags, ...few, "--kernel_solver", "svm", "kernel-ridge-regression", "--output_dir", "out"];
  const { code, stdout, stderr } = await rocoft(args, { cwd });
  expect(code, stderr).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^parameters +numbers +alignment +distance +svm +kernel-ridge-regression$/);
  expect(lines[2]).toMatch(/^full +[\d,]+ +(\d+\.\d ± \d+\.\d *){2}$/);
  expect(lines[3]).toMatch(/^rocoft:rank=1 +[\d,]+ +(\d\.\d{3} ± \d\.\d{3} +){2}(\d+\.\d ± \d+\.\d *){2}$/);
  expect(lines[4]).toMatch(/^the head +[\d,]+ /);
  expect(lines.slice(-2)).toEqual([
    "Scores are accuracy in per cent on the test examples; centred alignment and distance after normalisation are those with full.",
    join("out", "report.html"),
  ]);
  expect(readFileSync(join(cwd, "out", "report.html"), "utf8")).toContain("the head");
  expect(stderr).toMatch(/^seed 13, full, rocoft:rank=1, the head {2}kernel {2}\d+s {2}\d+(\.\d+)? MB$/m);
  expect(stderr).toMatch(/^seed 21, the head {2}svm [01]\.\d{4} {2}kernel-ridge-regression [01]\.\d{4} {2}\d+s$/m);
  const again = await rocoft(args, { cwd });
  expect(again.stdout).toBe(stdout);
  expect(again.stderr.match(/measured before$/gm)).toHaveLength(6);
});

test("without classifiers and comparisons, a table has neither", async () => {
  const one = [...flags, "--shots", "3", "--kernel_solver", "none", "--output_dir", "one"];
  const table = await output(one, { cwd });
  expect(table.split("\n")[0]).toMatch(/^parameters +numbers$/);
  expect(table).not.toContain("alignment");
  expect(table.trimEnd().split("\n").at(-1)).toBe(join("one", "report.html"));
});

test("--json prints the study as it is kept, from a file of settings", async () => {
  await output([...flags, ...few, "--kernel_solver", "svm", "--output_dir", "first"], { cwd });
  const study = await json<KernelStudy>(["ntk", "-c", "first/config.json", "--output_dir", "second"], { cwd });
  expect(study).toEqual(JSON.parse(readFileSync(join(cwd, "second", "study.json"), "utf8")));
  expect(study).toEqual(JSON.parse(readFileSync(join(cwd, "first", "study.json"), "utf8")));
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with 130, and the same command goes on", async (signal) => {
  const out = `interrupted-${signal}`;
  const training = ["--fine_tune", "--max_steps", "400", "--eval_steps", "400", "--kernel_solver", "none"];
  const args = [...flags, ...few, ...training, "--output_dir", out];
  const child = start(args, { cwd });
  await child.said("seed 13, full  fine-tuning");
  child.process.kill(signal);
  const { code, stdout, stderr } = await child.outcome;
  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toContain("interrupted: what is measured is kept; the same command goes on from there\n");
  expect(existsSync(join(cwd, out, "study.json"))).toBe(false);
  const on = await rocoft(args, { cwd });
  expect(on.code, on.stderr).toBe(0);
  expect(on.stderr).toMatch(/^seed 13, full {2}fine-tuning [01]\.\d{4} {2}measured before$/m);
  expect(on.stderr).toMatch(/^seed 21, the head {2}fine-tuning [01]\.\d{4} {2}\d+s$/m);
});

describe("progress", () => {
  const events: readonly NtkEvent[] = [
    { split: "seed 13", set: "full, head", type: "kernel", done: 1, total: 4, residentBytes: 2e9 },
    { split: "seed 13", set: "full, head", type: "kernel", done: 4, total: 4, residentBytes: 2e9 },
    { split: "seed 13", set: "full", type: "training", step: 3, totalSteps: 9 },
    { split: "seed 13", set: "full", type: "measured", scores: { svm: 0.5, "fine-tuning": 0.75 }, isKept: false },
    { split: "seed 21", set: "full", type: "measured", scores: {}, isKept: true },
  ];
  const written = (stream: Omit<ProgressStream, "write">) => {
    const texts: string[] = [];
    const show = createNtkProgress({ ...stream, write: (text) => texts.push(text) });
    for (const event of events) show(event);
    return texts;
  };
  const lines = [
    "seed 13, full, head  kernel  0s  2 GB\n",
    "seed 13, full  svm 0.5000  fine-tuning 0.7500  0s\n",
    "seed 21, full  measured before\n",
  ];

  test("on a terminal, what goes on is a line that is rewritten", () => {
    const rewrite = "\r\u001b[2K";
    expect(written({ isTTY: true, columns: 80 })).toEqual(
      [
        "seed 13, full, head  kernel 25 %  0s left  2 GB",
        lines[0],
        "seed 13, full  training, step 3/9",
        ...lines.slice(1),
      ].map((text) => rewrite + text),
    );
    expect(written({ isTTY: true, columns: 12 })[0]).toBe(`${rewrite}seed 13, fu`);
  });

  test("elsewhere there are the lines that stay", () => {
    expect(written({})).toEqual(lines);
  });
});
