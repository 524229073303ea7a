/** rocoft merge */
import { Command, Option } from "commander";
import { type FewBits, quantizations } from "../../quantization/registry.ts";
import { type MergedModel, mergeModel } from "../../run/merge.ts";
import { mergeQuantized, type QuantizedModel } from "../../run/merge-quantized.ts";
import { downloadProgress } from "../download.ts";
import type { FloatType } from "../../tensor/tensor.ts";
import { formatCount } from "../format.ts";
import { addSourceFlags, sourceOf, type SourceFlags } from "../model.ts";

interface MergeFlags extends SourceFlags {
  readonly output_dir: string;
  readonly dtype?: FloatType;
  readonly quantization?: FewBits;
  readonly overwrite_output_dir?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  rocoft merge runs/sst2 --output_dir merged/sst2
  rocoft merge --model roberta-base --adapter adapters/sst2 --output_dir merged/sst2
  rocoft merge runs/sst2 --quantization int8 --output_dir merged/sst2-int8

What is trained goes into the float32 base model exactly, however the base was stored in training. With --quantization it goes into the
base in few bits: trained rows are rounded, every other row keeps its bytes; methods that change every row are refused.

In Python, what is written without --quantization is loaded with AutoModelForSequenceClassification.from_pretrained("merged/sst2").`;

export function command(): Command {
  return addSourceFlags(new Command("rocoft merge").argument("[run]", "run folder"))
    .description("Write a run and its base model as one ordinary checkpoint folder, which transformers loads.")
    .requiredOption("--output_dir <folder>", "checkpoint folder to write")
    .addOption(
      new Option(
        "--dtype <type>",
        'type of the weights: rounded to half the room, or as they are (default: "float32")',
      ).choices(["float32", "float16", "bfloat16"]),
    )
    .addOption(
      new Option("--quantization <way>", "write the matrices as codes and scales, for programs that read them so")
        .choices(quantizations.filter((name) => name !== "none"))
        .conflicts("dtype"),
    )
    .option("--overwrite_output_dir", "write into an output folder that is not empty")
    .option("--json", "print one machine-readable result")
    .addHelpText("after", examples)
    .action(async (run: string | undefined, { output_dir: output, dtype, quantization, ...flags }: MergeFlags) => {
      const source = sourceOf(run, flags);
      const options = {
        overwrite: flags.overwrite_output_dir ?? false,
        onDownload: downloadProgress(process.stderr),
      };
      const merged: MergedModel | QuantizedModel = quantization
        ? await mergeQuantized(source, output, quantization, options)
        : await mergeModel(source, output, { ...options, ...(dtype && { dtype }) });
      process.stdout.write(flags.json ? `${JSON.stringify(merged)}\n` : told(merged));
    });
}

function told(merged: MergedModel | QuantizedModel): string {
  const rows =
    "rows" in merged
      ? `; ${merged.quantization}: ${formatCount(merged.changedRows)} of ${formatCount(merged.rows)} rows changed`
      : "";
  return `${merged.folder}  ${merged.architecture}, ${formatCount(merged.parameters)} parameters${rows}\n`;
}
