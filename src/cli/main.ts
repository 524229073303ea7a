/** The command line: a table of commands, each loaded when it is called, so that help is instant. */
import { Command } from "commander";
import { unknownName } from "../errors/unknown-name.ts";
import { complain, ignoreClosedPipes, Misuse, report } from "./failure.ts";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: () => Command }>;
}

const commands: Readonly<Record<string, Entry>> = {
  train: { summary: "fine-tune a model on labelled text", load: () => import("./commands/train.ts") },
  evaluate: { summary: "score a run or a checkpoint on a file", load: () => import("./commands/evaluate.ts") },
  predict: { summary: "label texts with a run or a checkpoint", load: () => import("./commands/predict.ts") },
  generate: { summary: "continue texts with a run or a checkpoint", load: () => import("./commands/generate.ts") },
  merge: { summary: "write a run as an ordinary checkpoint folder", load: () => import("./commands/merge.ts") },
  export: { summary: "write a run in the form of another program", load: () => import("./commands/export.ts") },
  methods: { summary: "list the fine-tuning methods", load: () => import("./commands/methods.ts") },
  ntk: { summary: "measure neural tangent kernels of what methods train", load: () => import("./commands/ntk.ts") },
  tasks: { summary: "list the tasks and how they are scored", load: () => import("./commands/tasks.ts") },
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
  ignoreClosedPipes();
  // `rocoft` is `rocoft --help`, and `rocoft help train` is `rocoft train --help`.
  const given = args.length === 0 || args[0] === "help" ? [...args.slice(1), "--help"] : args;
  try {
    const isCommand = !given[0]!.startsWith("-");
    const command = isCommand ? await commandNamed(given[0]!) : overview();
    command.configureOutput({ outputError: complain }).exitOverride();
    await command.parseAsync(isCommand ? given.slice(1) : given, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

async function commandNamed(name: string): Promise<Command> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!entry) throw new Misuse(unknownName("unknown command", name, Object.keys(commands)).message);
  const { command } = await entry.load();
  return command();
}

function overview(): Command {
  const program = new Command("rocoft")
    .description("Fine-tune transformers by training a few rows or columns of each weight matrix, in place.")
    .option("--version", "print the version")
    .addHelpText("after", examples)
    .action(async ({ version }: { version?: boolean }) => {
      if (version) process.stdout.write(`${(await import("../run/environment.ts")).packageVersion()}\n`);
    });
  for (const [name, { summary }] of Object.entries(commands)) program.command(name).description(summary);
  return program;
}
