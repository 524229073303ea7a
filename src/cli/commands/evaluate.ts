/** rocoft evaluate */
import { Command } from "commander";
import { formatScores } from "../format.ts";
import { addModelFlags, type ModelFlags, openClassifier } from "../model.ts";

const examples = `
Examples:
  rocoft evaluate runs/sst2 --data glue/sst2/dev.tsv
  rocoft evaluate runs/sst2 --data glue/sst2 --json
  rocoft evaluate --model merged/sst2 --task sst2 --data glue/sst2/dev.tsv --json`;

export function command(): Command {
  return addModelFlags(new Command("rocoft evaluate"))
    .description("Print the task's metrics of a run, or of a checkpoint with a classification head, on labelled data.")
    .requiredOption("--data <file>", "labelled file (tsv, csv, jsonl), or a folder with a validation file")
    .addHelpText("after", examples)
    .action(async (run: string | undefined, flags: ModelFlags & { data: string }) => {
      const classifier = await openClassifier(run, flags);
      try {
        const scores = await classifier.evaluate(flags.data);
        process.stdout.write(`${flags.json ? JSON.stringify(scores) : formatScores(scores)}\n`);
      } finally {
        await classifier.dispose();
      }
    });
}
