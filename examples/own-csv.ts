/**
 * A classifier from a CSV file of one's own: support tickets, each with the team that should answer it. A quarter of the
 * 120 tickets is held out; the rest trains three rows of each weight matrix of a small encoder that comes with the package.
 *
 *     npx tsx examples/own-csv.ts [FOLDER]
 *
 * Writes the run and the merged checkpoint to FOLDER, a new temporary folder unless one is given.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fineTune, mergeRun, openRun } from "rocoft";

const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), "own-csv-")));
const run = join(folder, "run");

const training = fineTune({
  model: "rocoft-small",
  data: join(import.meta.dirname, "own-csv", "tickets.csv"),
  text_column: "message",
  label_column: "team",
  validation_split: 0.25,
  num_train_epochs: 10,
  // One evaluation, at the end: with more, the held-out tickets would have a say in which weights are kept.
  eval_steps: 10_000,
  per_device_train_batch_size: 8,
  warmup_steps: 20,
  output_dir: run,
});
for await (const event of training) {
  if (event.type === "ready")
    console.log(`${event.trainExamples} tickets to learn from, ${event.validationExamples} held out`);
  if (event.type === "step" && event.step % 20 === 0)
    console.log(`step ${event.step} of ${event.totalSteps}: loss ${event.loss.toFixed(3)}`);
  if (event.type === "saved") console.log(`accuracy on the tickets held out: ${event.scores!.accuracy!.toFixed(3)}`);
}

const classifier = await openRun(run);
const answers = await classifier.predict([
  "The box was left in the rain and everything in it is wet.",
  "You took the money for my order twice.",
]);
await classifier.dispose();
for (const { text, label, probabilities } of answers)
  console.log(`${label} (${probabilities![label]!.toFixed(2)}): ${text}`);

const merged = await mergeRun(run, join(folder, "merged"));
console.log(`${merged.folder}: ${merged.architecture}, ready for transformers too`);
