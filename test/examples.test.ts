/** The examples, each run as its first lines say: what it prints, that it learns, and that it writes where it says and nowhere else. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCheckpoint } from "../src/node.ts";
import { tsx } from "./process.ts";
import { scratchFolder } from "./tiny-model.ts";

const root = join(import.meta.dirname, "..");
const timeout = 600_000;
const examples = () => readdirSync(join(root, "examples"), { recursive: true }).toSorted();

/** Runs an example with its own folder for temporary files, which is given back, and gives the lines it prints. */
async function runExample(name: string, args: readonly string[]): Promise<{ lines: string[]; temporary: string }> {
  const temporary = scratchFolder();
  const before = examples();
  const { code, output, errors } = await tsx(join("examples", `${name}.ts`), args, {
    cwd: root,
    env: { TMPDIR: temporary },
  });
  expect([code, errors]).toEqual([0, ""]);
  expect(examples()).toEqual(before);
  return { lines: output.trimEnd().split("\n"), temporary };
}

/** The number that `pattern` finds in the one line that it fits. */
function numberIn(lines: readonly string[], pattern: RegExp): number {
  const found = lines.map((line) => pattern.exec(line)).filter((match) => match !== null);
  expect([found.length, pattern, lines]).toEqual([1, pattern, lines]);
  return Number(found[0]![1]);
}

test("own-csv: a classifier of three teams beats chance, and answers", { timeout }, async () => {
  const { lines, temporary } = await runExample("own-csv", []);
  expect(lines[0]).toBe("90 tickets to learn from, 30 held out");
  expect(lines.filter((line) => /^step \d+ of 120: loss \d\.\d{3}$/.test(line))).toHaveLength(6);
  expect(numberIn(lines, /^accuracy on the tickets held out: (\d\.\d{3})$/)).toBeGreaterThan(0.5);
  const answers = lines.filter((line) => /^(billing|delivery|technical) \(\d\.\d\d\): (The box|You took)/.test(line));
  expect(answers).toHaveLength(2);

  const [folder, ...others] = readdirSync(temporary);
  expect([folder, others]).toEqual([expect.stringMatching(/^own-csv-/), []]);
  expect(readdirSync(join(temporary, folder!)).toSorted()).toEqual(["merged", "run"]);
  const merged = join(temporary, folder!, "merged");
  expect(lines.at(-1)).toBe(`${merged}: RobertaForSequenceClassification, ready for transformers too`);
  const checkpoint = await openCheckpoint(merged);
  const predictions = await checkpoint.predict(answers.map((line) => line.replace(/^[^:]+: /, "")));
  expect(predictions.map(({ label }) => label)).toEqual(answers.map((line) => /^\w+/.exec(line)![0]));
  await checkpoint.dispose();
});

test("own-text: the loss on text of the kind falls", { timeout }, async () => {
  const folder = join(scratchFolder(), "out");
  const { lines, temporary } = await runExample("own-text", [folder]);
  expect(lines[0]).toBe("1006 mails to learn from, 144 held out");
  expect(lines.filter((line) => /^step \d+ of 140: loss \d\.\d{3}$/.test(line))).toHaveLength(7);
  const before = numberIn(lines, /^as it is +loss (\d\.\d{3}), perplexity \d+\.\d$/);
  const after = numberIn(lines, /^adapted +loss (\d\.\d{3}), perplexity \d+\.\d$/);
  expect(after).toBeLessThan(before - 0.05);
  expect(lines.at(-1)).toMatch(/adapted: RobertaForMaskedLM, a --model to fine-tune on labelled mail$/);
  expect(readdirSync(folder).toSorted()).toEqual(["adapted", "run", "text"]);
  expect(readdirSync(temporary)).toEqual([]);
});

test("quickstart: RoCoFT is better than the head alone, and both than the larger class", { timeout }, async () => {
  const folder = join(scratchFolder(), "out");
  const { lines, temporary } = await runExample("quickstart/quickstart", ["--output_dir", folder]);
  const accuracy = (name: string) => numberIn(lines, new RegExp(`^ +${name} +(0\\.\\d{3}) `));
  expect(accuracy("head only")).toBeGreaterThan(0.85);
  expect(accuracy("RoCoFT")).toBeGreaterThan(accuracy("head only") + 0.01);
  expect(lines.filter((line) => /^(head only|RoCoFT): epoch [123], validation loss /.test(line))).toHaveLength(6);
  expect(lines.filter((line) => / (spam|ham) +(spam|ham) +\d+\.\d %/.test(line)).length).toBeGreaterThan(3);
  expect(readdirSync(folder).toSorted()).toEqual(["data", "head", "rocoft"]);
  expect(readdirSync(temporary)).toEqual([]);
});
