/** rocoft merge */
import { Command, Option } from "commander";
import { mergeModel } from "../../run/merge.ts";
import { downloadProgress } from "../download.ts";
import type { FloatType } from "../../tensor/tensor.ts";
import { formatCount } from "../format.ts";
import { addSourceFlags, sourceOf, type SourceFlags } from "../model.ts";

interface MergeFlags extends SourceFlags {
  readonly output_dir: string;
  readonly dtype: FloatType;
  readonly overwrite_output_dir?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  rocoft merge runs/sst2 --output_dir merged/sst2
  rocoft merge --model roberta-base --adapter adapters/sst2 --output_dir merged/sst2

In Python, the result is loaded with AutoModelForSequenceClassification.from_pretrained("merged/sst2").`;

export function command(): Command {
  return addSourceFlags(new Command("rocoft merge").argument("[run]", "run folder"))
    .description("Write a run and its base model as one ordinary checkpoint folder, which transformers loads.")
    .requiredOption("--output_dir <folder>", "checkpoint folder to write")
    .addOption(
      new Option("--dtype <type>", "type of the weights: rounded to half the room, or as they are")
        .choices(["float32", "float16", "bfloat16"])
        .default("float32"),
    )
    .option("--overwrite_output_dir", "write into an output folder that is not empty")
    .option("--json", "print one machine-readable result")
    .addHelpText("after", examples)
    .action(async (run: string | undefined, flags: MergeFlags) => {
      const merged = await mergeModel(sourceOf(run, flags), flags.output_dir, {
        dtype: flags.dtype,
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
