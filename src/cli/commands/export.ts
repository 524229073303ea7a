/** rocoft export */
import { Command, Option } from "commander";
import { exportFormats, exportModel } from "../../run/export.ts";
import { downloadProgress } from "../download.ts";
import { addSourceFlags, sourceOf, type SourceFlags } from "../model.ts";

interface ExportFlags extends SourceFlags {
  readonly format: string;
  readonly overwrite_output_dir?: boolean;
  readonly json?: boolean;
}

const examples = `
Formats:
${Object.entries(exportFormats)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join("\n")}

Examples:
  rocoft export runs/sst2 exported/sst2 --format peft
  rocoft export --model roberta-base --adapter runs/sst2/adapter exported/sst2 --format lora

What is trained is written over the float32 base model, however the base was stored in training.`;

export function command(): Command {
  return addSourceFlags(new Command("rocoft export"))
    .usage("[options] <run> <output>")
    .argument("<folders...>", "run folder, and folder to write; with --model and --adapter the latter alone")
    .description("Write a run in the form that another program reads.")
    .addOption(new Option("--format <name>", "what to write").choices(Object.keys(exportFormats)).makeOptionMandatory())
    .option("--overwrite_output_dir", "write into an output folder that is not empty")
    .option("--json", "print one machine-readable result")
    .addHelpText("after", examples)
    .action(async (folders: readonly string[], flags: ExportFlags) => {
      const [output, run, ...more] = folders.toReversed();
      if (more.length > 0) throw new Error(`${folders.length} folders, expected a run folder and a folder to write`);
      const exported = await exportModel(sourceOf(run, flags), output!, {
        format: flags.format,
        overwrite: flags.overwrite_output_dir ?? false,
        onDownload: downloadProgress(process.stderr),
      });
      process.stdout.write(
        flags.json ? `${JSON.stringify(exported)}\n` : `${exported.folder}  ${exported.files.join(", ")}\n`,
      );
    });
}
