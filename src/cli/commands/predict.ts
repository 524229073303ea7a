/** rocoft predict */
import { text as readAll } from "node:stream/consumers";
import { Command } from "commander";
import type { Texts } from "../../data/examples.ts";
import type { Classifier } from "../../run/classifier.ts";
import type { Prediction } from "../../run/prediction.ts";
import { addModelFlags, type ModelFlags, withModelOf } from "../model.ts";

const examples = `
Examples:
  rocoft predict runs/sst2 --text "a charming and often affecting journey"
  rocoft predict runs/rte --text "A man sleeps." "Someone is asleep." --pair
  rocoft predict runs/sst2 --data reviews.tsv --json
  cat lines.txt | rocoft predict runs/sst2        (for a task of pairs, two texts a line with a tab between)
  rocoft predict --model merged/sst2 --text "not bad at all"`;

interface PredictFlags extends ModelFlags {
  readonly text?: readonly string[];
  readonly pair?: boolean;
  readonly data?: string;
}

export function command(): Command {
  return addModelFlags(new Command("rocoft predict"))
    .description("Print a label and probabilities for texts, a file, or the lines of standard input.")
    .option("--text <text...>", "texts to label")
    .option("--pair", "the two texts given with --text are one pair")
    .option("--data <file>", "file with a text column (tsv, csv, jsonl)")
    .addHelpText("after", examples)
    .action(async (run: string | undefined, flags: PredictFlags) => {
      if (flags.text && flags.data !== undefined) throw new Error("expected --text or --data, one of the two");
      if (flags.pair && flags.text?.length !== 2)
        throw new Error(`--pair: ${flags.text?.length ?? 0} texts given with --text, expected 2`);
      const predictions = await withModelOf(run, flags, (model) => answer(model, flags));
      process.stdout.write(flags.json ? `${JSON.stringify(predictions)}\n` : predictions.map(lineOf).join(""));
    });
}

async function answer(classifier: Classifier, { text, pair, data }: PredictFlags): Promise<Prediction[]> {
  if (data !== undefined) return classifier.predictFile(data);
  if (pair) return classifier.predict([text as [string, string]]);
  return classifier.predict(text ?? (await standardInput(classifier.textCount)));
}

/** The lines of standard input, each a text, or two separated by a tab where the task takes pairs. */
async function standardInput(textCount: number | null): Promise<(string | Texts)[]> {
  if (process.stdin.isTTY)
    process.stderr.write("reading texts from standard input, one a line; Ctrl-D (Ctrl-Z on Windows) ends them\n");
  const lines = (await readAll(process.stdin)).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new Error("standard input: no lines, expected a text on each");
  if (textCount !== 2) return lines;
  return lines.map((line, i): Texts => {
    const [first, second, ...more] = line.split("\t");
    if (second !== undefined && more.length === 0) return [first!, second];
    throw new Error(`standard input:${i + 1}: ${line.split("\t").length} texts, expected 2, separated by a tab`);
  });
}

/** label or answer and its probability, or the number of a regression, and the text, separated by tabs; each on one line. */
function lineOf({ label, probabilities, answers, text }: Prediction): string {
  const probability = probabilities?.[label] ?? answers?.find((answer) => answer.text === label)?.probability;
  const answer = probability === undefined ? [Number(label).toFixed(4)] : [label, probability.toFixed(4)];
  const texts = [...answer, ...(typeof text === "string" ? [text] : text)];
  return `${texts.map((part) => part.replaceAll(/[\t\r\n]+/g, " ")).join("\t")}\n`;
}
