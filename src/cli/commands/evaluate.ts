/** rocoft evaluate */
import { Command } from "commander";
import { formatScores } from "../format.ts";
import { addModelFlags, type ModelFlags, openModelOf } from "../model.ts";

const examples = `
Examples:
  rocoft evaluate runs/sst2 --data glue/sst2/dev.tsv
  rocoft evaluate runs/sst2 --data glue/sst2 --json
  rocoft evaluate --model merged/sst2 --task sst2 --data glue/sst2/dev.tsv --json
  rocoft evaluate --model roberta-base --task masked-language-model --data mails.txt`;

export function command(): Command {
  return addModelFlags(new Command("rocoft evaluate"))
    .description("Print the task's scores of a run, or of a checkpoint that has a head for the task.")
    .requiredOption("--data <file>", "file with labels (tsv, csv, jsonl) or text, or a folder with a validation file")
    .addHelpText("after", examples)
    .action(async (run: string | undefined, flags: ModelFlags & { data: string }) => {
      const classifier = await openModelOf(run, flags);
      try {
        const scores = await classifier.evaluate(flags.data);
        process.stdout.write(`${flags.json ? JSON.stringify(scores) : formatScores(scores)}\n`);
      } finally {
        await classifier.dispose();
      }
    });
}
