/** A checkpoint with an order of classes of its own: ids in files still count as the task's files do. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { fineTune, openCheckpoint, openRun, type Scores } from "../../src/node.ts";
import { makeTinyModel, scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
const names = ["entailment", "neutral", "contradiction"];
const own = [...names].reverse();
const model = makeTinyModel(join(cwd, "model"), "bert-classification", { id2label: { ...own } });

/** A file of MNLI whose labels are ids, or names. */
function file(name: string, labelOf: (id: number) => string): string {
  const rows = Array.from({ length: 12 }, (_, i) => `${labelOf((i * i) % 3)}\tso good\tso ${["bad", "good"][i % 2]}\n`);
  return write(join(cwd, name), `label\tpremise\thypothesis\n${rows.join("")}`);
}
const byId = file("ids.tsv", String);
const byName = file("names.tsv", (id) => names[id]!);

test("a plain checkpoint scores ids and names alike", async () => {
  const classifier = await openCheckpoint(model, { task: "mnli", maxLength: 10 });
  expect(classifier.labels).toEqual(own);
  expect((await classifier.evaluate(byId)).scores).toEqual((await classifier.evaluate(byName)).scores);
  await classifier.dispose();
});

test("so does a run, which keeps the checkpoint's order", async () => {
  const output_dir = join(cwd, "run");
  const settings = { task: "mnli", max_seq_length: 10, learning_rate: 1e-2, warmup_steps: 0 } as const;
  let scores: Scores | null = null;
  for await (const event of fineTune({ model, data: byId, validation_file: byId, output_dir, ...settings }))
    if (event.type === "saved") scores = event.scores;
  const classifier = await openRun(output_dir);
  expect(classifier.labels).toEqual(own);
  expect((await classifier.evaluate(byId)).scores).toEqual(scores);
  expect((await classifier.evaluate(byName)).scores).toEqual(scores);
  await classifier.dispose();
});
