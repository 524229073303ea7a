/** rocoft train */
import { Command } from "commander";
import { parseConfig } from "../../run/config.ts";
import { executeRun, type ReadyEvent, type SavedEvent } from "../../run/fine-tune.ts";
import { downloadProgress } from "../download.ts";
import { addTrainFlags, trainInput } from "../flags.ts";
import { formatScores } from "../format.ts";
import { interruptible } from "../interrupt.ts";
import { createProgress, writeLine } from "../progress.ts";

const examples = `
Examples:
  rocoft train --model roberta-base --task sst2 --data glue/sst2 --method rocoft --rank 3 --output_dir runs/sst2
  rocoft train --model ./my-bert --data reviews.csv --text_column review --label_column stars --output_dir runs/reviews
  rocoft train -c sst2.yaml --learning_rate 2e-3 --output_dir runs/sst2-fast

Interrupting once (Ctrl-C) saves what is best so far and leaves with exit code 130. Before training nothing is written.`;

export function command(): Command {
  return addTrainFlags(new Command("rocoft train"))
    .description("Fine-tune a model on labelled text and write a run folder.")
    .addHelpText("after", examples)
    .action(async (flags: { json?: boolean }) => {
      const config = parseConfig(await trainInput(flags));
      const progress = createProgress(process.stderr, config.settings.logging_steps);
      const { signal, listen, release } = interruptible(() =>
        writeLine(process.stderr, "interrupted: saving what is best so far; interrupt again to leave at once"),
      );
      let ready: ReadyEvent | undefined;
      let saved: SavedEvent | undefined;
      try {
        for await (const event of executeRun(config, { signal, onDownload: downloadProgress(process.stderr) })) {
          if (event.type === "ready") {
            ready = event;
            listen();
          }
          if (event.type === "saved") saved = event;
          progress(event);
        }
      } finally {
        release();
      }
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(resultOf(ready!, saved!))}\n`
          : `${config.settings.output_dir}${saved!.scores ? `  step ${saved!.step}  ${formatScores(saved!.scores)}` : ""}\n`,
      );
      if (saved!.reason === "interrupted") process.exitCode = 130;
    });
}

function resultOf(ready: ReadyEvent, saved: SavedEvent) {
  return {
    run: saved.folder,
    reason: saved.reason,
    step: saved.step,
    scores: saved.scores,
    trained_parameters: ready.trainedParameters,
    total_parameters: ready.totalParameters,
  };
}
