/**
 * Fine-tunes a small encoder into a spam filter, on 2,000 mails of the SpamAssassin corpus: once its head alone, and once
 * with RoCoFT, which also trains three rows of each weight matrix. Both are scored on 1,000 mails that neither has seen.
 *
 *     npx tsx examples/quickstart/quickstart.ts [--model MODEL] [--output_dir FOLDER]
 *
 * mails.ts reads the mails, clean.ts says what of them the model sees, split.ts how near-copies are kept apart.
 */
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fineTune, metrics, openRun, type Prediction, type ReadyEvent, type TrainInput } from "rocoft";
import { csv, type Mail, readMails } from "./mails.ts";
import { count, percent, showProgress, table } from "./report.ts";
import { splitMails, withoutNearDuplicates } from "./split.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string", default: "rocoft-small" },
    output_dir: { type: "string", default: "runs/quickstart" },
  },
});
const start = performance.now();
const secondsSince = (time: number) => `${((performance.now() - time) / 1000).toFixed(0)} s`;
const isSpam = ({ label }: { readonly label: string }) => label === "spam";

const mails = await readMails();
const unique = withoutNearDuplicates(mails);
const split = splitMails(unique, 42);
console.log(`${count(mails.length)} mails, of which ${count(mails.length - unique.length)} near-copies are left out`);

const data = join(flags.output_dir, "data");
await mkdir(data, { recursive: true });
for (const [name, part] of Object.entries(split)) {
  await writeFile(join(data, `${name}.csv`), csv(part));
  console.log(`${data}/${name}.csv: ${count(part.length)} mails, ${part.filter(isSpam).length} of them spam`);
}

// Of 1e-3, 2e-3, 5e-3, 1e-2 (head) and 3e-3, 5e-3, 1e-2 (RoCoFT), the learning rates with the lowest loss on the validation mails,
// which also choose the epoch that is kept.
const settings = {
  model: flags.model,
  data,
  num_train_epochs: 3,
  max_seq_length: 128,
  warmup_steps: 20,
  metric_for_best_model: "loss",
  overwrite_output_dir: true,
};
const runs = { head: join(flags.output_dir, "head"), rocoft: join(flags.output_dir, "rocoft") };
const head = await run("head only", { ...settings, method: "head", learning_rate: 2e-3, output_dir: runs.head });
const rocoft = await run("RoCoFT", {
  ...settings,
  method: "rocoft",
  rank: 3,
  learning_rate: 5e-3,
  output_dir: runs.rocoft,
});

const header = ["", "accuracy", "F1 of spam", "trained parameters", "adapter", "time"];
console.log(`\nOn the ${count(split.test.length)} mails of test.csv:\n\n${table([header, head.row, rocoft.row])}`);
console.log(`\nSome of them, as RoCoFT has them:\n\n${table(examples(rocoft.answers))}`);
console.log(`
${secondsSince(start)} in all. Ask it about a text:

  npx rocoft predict ${runs.rocoft} --text 'Congratulations! You have won $1,000,000. Reply to claim your prize.'

The same with your own file (columns text and label), and with a model of the Hugging Face hub:

  npx rocoft train --model ${flags.model} --data yours.csv --output_dir runs/yours
  npx rocoft train --model sentence-transformers/all-MiniLM-L6-v2 --data yours.csv --output_dir runs/yours-minilm`);

/** Trains, then opens what was saved and asks it about the test mails. */
async function run(name: string, input: TrainInput) {
  const start = performance.now();
  let ready: ReadyEvent | undefined;
  for await (const event of fineTune(input)) {
    if (event.type === "ready") ready = event;
    showProgress(name, event);
  }
  const time = secondsSince(start);
  const filter = await openRun(input.output_dir);
  const answers = await filter.predict(split.test.map(({ text }) => text));
  await filter.dispose();
  const labels = split.test.map((mail) => Number(isSpam(mail)));
  const predictions = answers.map((answer) => Number(isSpam(answer)));
  const adapter = await stat(join(input.output_dir, "adapter", "adapter_model.safetensors"));
  const row = [
    name,
    metrics.accuracy.compute(labels, predictions).toFixed(3),
    metrics.f1.compute(labels, predictions).toFixed(3),
    `${count(ready!.trainedParameters)} (${percent(ready!.trainedParameters / ready!.totalParameters)})`,
    `${(adapter.size / 1e6).toFixed(2)} MB`,
    time,
  ];
  return { row, answers };
}

/** Two recognised mails of each class, and up to two that were not recognised. */
function examples(answers: readonly Prediction[]): string[][] {
  const pairs = split.test.map((mail, i): [Mail, Prediction] => [mail, answers[i]!]);
  const named = pairs.filter(([mail]) => mail.subject !== "");
  const right = named.filter(([mail, answer]) => mail.label === answer.label);
  const wrong = named.filter(([mail, answer]) => mail.label !== answer.label);
  const shown = [
    ...right.filter(([mail]) => isSpam(mail)).slice(0, 2),
    ...right.filter(([mail]) => !isSpam(mail)).slice(0, 2),
    ...wrong.slice(0, 2),
  ];
  const rows = shown.map(([{ subject, label }, answer]) => [
    subject.length > 50 ? `${subject.slice(0, 49)}…` : subject,
    label,
    answer.label,
    percent(answer.probabilities![answer.label]!),
    label === answer.label ? "" : "wrong",
  ]);
  return [["subject", "is", "taken for", "probability", ""], ...rows];
}
