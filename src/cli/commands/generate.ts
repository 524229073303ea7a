/** rocoft generate */
import { Command } from "commander";
import { checkInput, type GenerationInput } from "../../generation/settings.ts";
import { type Generator, type GeneratorPrompt, openGenerator } from "../../run/generator.ts";
import { readPrompts } from "../../run/prompt-file.ts";
import { converse } from "../converse.ts";
import { downloadProgress } from "../download.ts";
import { addGenerationFlags, type GenerationFlags, generationInput } from "../generation-flags.ts";
import {
  addComputeFlags,
  addQuantizationFlag,
  addSourceFlags,
  type ComputeFlags,
  positiveInteger,
  type QuantizationFlags,
  type SourceFlags,
  sourceOf,
  warn,
} from "../model.ts";

const examples = `
Examples:
  rocoft generate --model HuggingFaceTB/SmolLM2-135M-Instruct --chat
  rocoft generate runs/notes --prompt "Dear all," --max_new_tokens 40
  rocoft generate --model gpt2 --adapter runs/notes --prompt "Once" --do_sample --temperature 0.8 --seed 1
  rocoft generate runs/summaries --data articles.jsonl --num_beams 4 --json`;

interface GenerateFlags extends SourceFlags, QuantizationFlags, ComputeFlags, GenerationFlags {
  readonly prompt?: readonly string[];
  readonly data?: string;
  readonly chat?: boolean;
  readonly system?: string;
  readonly batch_size?: number;
  readonly json?: boolean;
}

/** A prompt, and how it is shown: as it was given. */
interface Given {
  readonly shown: unknown;
  readonly prompt: GeneratorPrompt;
}

export function command(): Command {
  const bare = new Command("rocoft generate").argument("[run]", "run folder");
  const generate = addQuantizationFlag(addSourceFlags(bare))
    .description("Continue texts, or answer in a conversation.")
    .option(
      "--prompt <text>",
      "a text to continue; may be given several times",
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option("--data <file>", "file of prompts: a text on each line, or JSON lines with prompt or messages")
    .option("--chat", "a prompt is the user's turn of a conversation; without one, a conversation here")
    .option("--system <text>", "what a conversation begins with")
    .option("--batch_size <number>", "prompts of a batch; 8 by default", positiveInteger)
    .option("--json", "print one machine-readable result");
  return addGenerationFlags(addComputeFlags(generate))
    .addHelpText("after", examples)
    .action(async (run: string | undefined, flags: GenerateFlags) => {
      const settings = generationInput(flags);
      checkInput(settings);
      const given = await promptsOf(flags);
      const generator = await openGenerator(sourceOf(run, flags), {
        onDownload: downloadProgress(process.stderr),
        threads: flags.threads,
        device: flags.device,
      });
      warn(generator.warnings);
      try {
        if (given === null) await converse(generator, systemTurns(flags), settings);
        else await write(generator, given, settings, flags);
      } finally {
        await generator.dispose();
      }
    });
}

/** What is to be continued; null for a conversation at the terminal. */
async function promptsOf(flags: GenerateFlags): Promise<Given[] | null> {
  const { prompt, data, chat = false, json } = flags;
  if (prompt && data !== undefined) throw new Error("expected --prompt or --data, one of the two");
  if (flags.system !== undefined && !chat) throw new Error("--system: expected only with --chat");
  const texts = prompt ?? (data === undefined ? null : await readPrompts(data));
  if (texts === null) {
    if (!chat) throw new Error("expected --prompt, --data or --chat");
    if (json) throw new Error("--json: expected only with --prompt or --data");
    return null;
  }
  return texts.map((shown) => {
    if (typeof shown !== "string" || !chat) return { shown, prompt: shown };
    return { shown, prompt: { messages: [...systemTurns(flags), { role: "user", content: shown }] } };
  });
}

const systemTurns = ({ system }: GenerateFlags) => (system === undefined ? [] : [{ role: "system", content: system }]);

async function write(
  generator: Generator,
  given: readonly Given[],
  settings: GenerationInput,
  flags: GenerateFlags,
): Promise<void> {
  const prompts = given.map(({ prompt }) => prompt);
  const texts = { ...generator.defaults, ...settings };
  const isOne = prompts.length === 1 && (texts.num_beams ?? 1) === 1 && (texts.num_return_sequences ?? 1) === 1;
  if (isOne && !flags.json) {
    for await (const { text } of generator.stream(prompts, settings)) process.stdout.write(text);
    process.stdout.write("\n");
    return;
  }
  const batchSize = flags.batch_size;
  const generated = await generator.generate(prompts, settings, { batchSize });
  const shown = generated.map(({ sequences, ...rates }, i) =>
    flags.json
      ? JSON.stringify({ prompt: given[i]!.shown, ...rates, sequences })
      : [`> ${headline(given[i]!)}`, ...sequences.map(({ text }) => text), ""].join("\n"),
  );
  process.stdout.write(shown.map((line) => `${line}\n`).join(""));
}

/** A prompt in one line. */
function headline({ shown, prompt }: Given): string {
  const text = typeof prompt === "object" && "messages" in prompt ? prompt.messages.at(-1)!.content : String(shown);
  return text.replaceAll(/\s+/g, " ");
}
