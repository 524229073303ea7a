/** rocoft merge */
import { Command } from "commander";
import { mergeRun } from "../../run/merge.ts";
import { downloadProgress } from "../download.ts";
import { formatCount } from "../format.ts";

const examples = `
Examples:
  rocoft merge runs/sst2 --output_dir merged/sst2

In Python, the result is loaded with AutoModelForSequenceClassification.from_pretrained("merged/sst2").`;

export function command(): Command {
  return new Command("rocoft merge")
    .description("Write a run and its base model as one ordinary checkpoint folder, which transformers loads.")
    .argument("<run>", "run folder")
    .requiredOption("--output_dir <folder>", "checkpoint folder to write")
    .option("--overwrite_output_dir", "write into an output folder that is not empty")
    .option("--json", "print one machine-readable result")
    .addHelpText("after", examples)
    .action(async (run: string, flags: { output_dir: string; overwrite_output_dir?: boolean; json?: boolean }) => {
      const merged = await mergeRun(run, flags.output_dir, {
        overwrite: flags.overwrite_output_dir ?? false,
        onDownload: downloadProgress(process.stderr),
      });
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(merged)}\n`
          : `${merged.folder}  ${merged.architecture}, ${formatCount(merged.parameters)} parameters\n`,
      );
    });
}
