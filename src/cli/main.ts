/** The command line: a table of commands, each loaded when it is called, so that help is instant. */
import { Command } from "commander";
import { unknownName } from "../errors/unknown-name.ts";
import { report } from "./failure.ts";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: () => Command }>;
}

const commands: Readonly<Record<string, Entry>> = {
  train: { summary: "fine-tune a model on labelled text", load: () => import("./commands/train.ts") },
  evaluate: { summary: "score a run or a checkpoint on a file", load: () => import("./commands/evaluate.ts") },
  predict: { summary: "label texts with a run or a checkpoint", load: () => import("./commands/predict.ts") },
  merge: { summary: "write a run as an ordinary checkpoint folder", load: () => import("./commands/merge.ts") },
  plan: { summary: "show what train would do, without doing it", load: () => import("./commands/plan.ts") },
};

const examples = `
Examples:
  rocoft train --model roberta-base --task sst2 --data glue/sst2 --output_dir runs/sst2
  rocoft evaluate runs/sst2 --data glue/sst2/dev.tsv
  rocoft predict runs/sst2 --text "a charming and often affecting journey"
  rocoft merge runs/sst2 --output_dir merged/sst2

Every command has --help with its flags and examples, and --json for one machine-readable result.`;

/** Runs the command line on its arguments; gives the exit code: 0, 1 for an error, 2 for misuse, 130 when interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  try {
    const entry = name === undefined ? undefined : commands[name];
    if (entry) {
      const { command } = await entry.load();
      await command().exitOverride().parseAsync(rest, { from: "user" });
      return Number(process.exitCode ?? 0);
    }
    if (name !== undefined && !name.startsWith("-")) throw unknownName("unknown command", name, Object.keys(commands));
    await overview().parseAsync(args.length === 0 ? ["--help"] : args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error);
  }
}

function overview(): Command {
  const program = new Command("rocoft")
    .description("Fine-tune transformers by training a few rows or columns of each weight matrix, in place.")
    .option("--version", "print the version")
    .addHelpText("after", examples)
    .exitOverride()
    .action(async ({ version }: { version?: boolean }) => {
      if (version) process.stdout.write(`${(await import("../run/environment.ts")).packageVersion()}\n`);
    });
  for (const [name, { summary }] of Object.entries(commands)) program.command(name).description(summary);
  return program;
}
