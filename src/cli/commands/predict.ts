/** rocoft predict */
import { text as readAll } from "node:stream/consumers";
import { Command } from "commander";
import type { Classifier, Prediction } from "../../run/classifier.ts";
import { addModelFlags, type ModelFlags, openClassifier } from "../model.ts";

const examples = `
Examples:
  rocoft predict runs/sst2 --text "a charming and often affecting journey"
  rocoft predict runs/rte --text "A man sleeps." "Someone is asleep." --pair
  rocoft predict runs/sst2 --data reviews.tsv --json
  cat lines.txt | rocoft predict runs/sst2
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
      if (flags.pair && flags.text?.length !== 2)
        throw new Error(`--pair: ${flags.text?.length ?? 0} texts given with --text, expected 2`);
      const classifier = await openClassifier(run, flags);
      try {
        const predictions = await answer(classifier, flags);
        process.stdout.write(flags.json ? `${JSON.stringify(predictions)}\n` : predictions.map(lineOf).join(""));
      } finally {
        await classifier.dispose();
      }
    });
}

async function answer(classifier: Classifier, { text, pair, data }: PredictFlags): Promise<Prediction[]> {
  if (data !== undefined) return classifier.predictFile(data);
  if (pair) return classifier.predict([text as [string, string]]);
  return classifier.predict(text ?? (await standardInputLines()));
}

async function standardInputLines(): Promise<string[]> {
  const lines = (await readAll(process.stdin)).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw new Error("standard input: no lines, expected a text on each");
  return lines;
}

/** label, its probability, and the text, separated by tabs. */
function lineOf({ label, probabilities, text }: Prediction): string {
  const share = probabilities ? `\t${probabilities[label]!.toFixed(4)}` : "";
  return `${label}${share}\t${(typeof text === "string" ? [text] : text).join("\t")}\n`;
}
