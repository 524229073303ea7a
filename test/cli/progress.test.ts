/** Progress: a line that is rewritten on a terminal, plain lines elsewhere. */
import { describe, expect, test } from "vitest";
import { createProgress, type ProgressStream, writeLine } from "../../src/cli/progress.ts";
import { downloadProgress } from "../../src/cli/download.ts";
import type { RunEvent } from "../../src/run/events.ts";

const step = (n: number, changes: object = {}): Extract<RunEvent, { type: "step" }> => ({
  type: "step",
  step: n,
  totalSteps: 12345,
  epoch: n / 100,
  loss: 0.54321,
  learningRate: 0.000987,
  gradientNorm: 1,
  examplesPerSecond: 98.7,
  tokensPerSecond: 1234.5,
  secondsElapsed: 10,
  secondsLeft: 3725,
  residentBytes: 1_234_000_000,
  ...changes,
});
const events: readonly RunEvent[] = [
  {
    type: "ready",
    model: "roberta-base",
    method: "rocoft",
    task: "sst2",
    trainExamples: 67349,
    validationExamples: 872,
    truncated: 3,
    warnings: ["gsm8k: its test is in the data"],
    badRows: { count: 5, reasons: ["a.tsv:3: bad", "a.tsv:4: bad", "b.tsv:9: bad"] },
    trainedParameters: 249_000,
    totalParameters: 124_500_000,
    resumedFrom: null,
    initialized: ["classifier.weight", "classifier.bias"],
    unused: ["lm_head.bias"],
    secondsElapsed: 1,
  },
  step(1),
  step(2),
  { type: "evaluation", step: 2, epoch: 0.5, scores: { loss: 0.5, accuracy: 0.875 }, best: true, seconds: 1 },
  step(12345),
  { type: "end", reason: "finished", step: 12345, bestStep: 2, bestScores: null, secondsElapsed: 125 },
  {
    type: "saved",
    folder: "runs/a",
    reason: "finished",
    scores: null,
    protocols: [],
    step: 2,
    badRows: { count: 0, reasons: [] },
  },
];

/** What is written for `events` on a stream like `stream`. */
function written(list: readonly RunEvent[], stream: Omit<ProgressStream, "write">, loggingSteps = 50): string[] {
  const texts: string[] = [];
  const progress = createProgress({ ...stream, write: (text) => texts.push(text) }, loggingSteps);
  for (const event of list) progress(event);
  return texts;
}

const rewrite = "\r\u001b[2K";
const wide = "step 2/12345  loss 0.5432  lr 9.87e-4  99 ex/s  1235 tok/s  1h02m left  1.23 GB";

describe("on a terminal", () => {
  test("a step's line has step, loss, learning rate, examples/s, tokens/s, time left and memory, and is rewritten", () => {
    expect(written([step(2)], { isTTY: true, columns: 100 })).toEqual([rewrite + wide]);
  });

  test.each([
    ["80 columns", 80, step(2), wide],
    [
      "a line a little too long",
      80,
      step(10000),
      "step 10000/12345 loss 0.5432 lr 9.87e-4 99 ex/s 1235 tok/s 1h02m left 1.23 GB",
    ],
    ["few columns", 20, step(2), "step 2/12345 loss 0"],
    ["columns unknown", 0, step(2), wide],
  ])("a step's line never breaks: %s", (_, columns, event, expected) => {
    expect(written([event], { isTTY: true, columns })).toEqual([rewrite + expected]);
  });

  test("other events have lines of their own, in the place of a rewritten one", () => {
    const texts = written(events, { isTTY: true, columns: 100 });
    expect(texts.filter((text) => text.endsWith("\n")).map((text) => text.replace(rewrite, ""))).toEqual([
      "rocoft on roberta-base, sst2: 67,349 training and 872 validation examples\n",
      "training 249,000 of 124,500,000 parameters (0.2 %)\n",
      "new, drawn from the seed: classifier.weight, classifier.bias\n",
      "in the checkpoint, not used: lm_head.bias\n",
      "warning: gsm8k: its test is in the data\n",
      "3 examples are longer than max_seq_length and were cut\n",
      "5 bad rows skipped:\n",
      "  a.tsv:3: bad\n",
      "  a.tsv:4: bad\n",
      "  b.tsv:9: bad\n",
      "  and 2 more\n",
      "step 2  epoch 0.50  loss 0.5000  accuracy 0.8750  best\n",
      "finished after 12345 steps, 2m05s\n",
    ]);
    expect(texts.every((text) => text.startsWith(rewrite))).toBe(true);
  });
});

describe("where there is no terminal", () => {
  test("there are plain lines: the first step, every so many, the last, and nothing is rewritten", () => {
    const steps = Array.from({ length: 120 }, (_, i) => step(i + 1, { totalSteps: 120 }));
    const texts = written(steps, {});
    expect(texts.map((text) => text.split("  ")[0])).toEqual([
      "step 1/120",
      "step 50/120",
      "step 100/120",
      "step 120/120",
    ]);
    expect(texts[0]).toBe(`${wide.replace("2/12345", "1/120")}\n`);
    expect(written(steps, {}, 40)).toHaveLength(4);
    expect(written(events, {}).join("")).not.toContain("\r");
  });

  test("memory is left out where it is not known", () => {
    expect(written([step(1, { residentBytes: null })], {})[0]).toMatch(/1h02m left\n$/);
  });
});

test.each([
  [true, `${rewrite}text\n`],
  [false, "text\n"],
])("a line of its own, terminal %s", (isTTY, expected) => {
  const texts: string[] = [];
  writeLine({ isTTY, write: (text) => texts.push(text) }, "text");
  expect(texts).toEqual([expected]);
});

test("other work on a file is called what it is", () => {
  const texts: string[] = [];
  const progress = downloadProgress({ write: (text) => texts.push(text) });
  progress({ work: "storing the base model as", file: "int8", received: 1000, total: 1000 });
  expect(texts).toEqual(["storing the base model as int8  1 kB of 1 kB\n"]);
});

test.each([
  [true, [`${rewrite}downloading a  500 B of 1 kB`, `${rewrite}downloading a  1 kB of 1 kB\n`]],
  [false, ["downloading a  1 kB of 1 kB\n"]],
])("a download, terminal %s", (isTTY, expected) => {
  const texts: string[] = [];
  const progress = downloadProgress({ isTTY, write: (text) => texts.push(text) });
  for (const received of [500, 1000]) progress({ file: "a", received, total: 1000 });
  expect(texts).toEqual(expected);
});
