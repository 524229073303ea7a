/** A conversation, turn by turn: lines of standard input and what the model answers. */
import { createInterface } from "node:readline";
import type { Message } from "../data/examples.ts";
import type { GenerationInput } from "../generation/settings.ts";
import type { Generator } from "../run/generator.ts";

/**
 * Answers each line of standard input on standard output until the input ends. Ctrl-C ends the answer under way, or else the
 * conversation.
 * @param begun the turns before the first line
 */
export async function converse(
  generator: Generator,
  begun: readonly Message[],
  settings: GenerationInput,
): Promise<void> {
  const { stdin, stderr } = process;
  if (stdin.isTTY) stderr.write("a conversation, a turn on each line; Ctrl-D (Ctrl-Z on Windows) ends it\n");
  const lines = createInterface({ input: stdin, ...(stdin.isTTY && { output: stderr }), prompt: "> " });
  let answering: AbortController | null = null;
  lines.on("SIGINT", () => (answering ? answering.abort() : lines.close()));
  const messages = [...begun];
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() !== "") {
      messages.push({ role: "user", content: line });
      answering = new AbortController();
      messages.push({ role: "assistant", content: await answer(generator, messages, settings, answering.signal) });
      answering = null;
    }
    lines.prompt();
  }
}

/** Writes the next turn as it comes, and gives it back: all of it, or what there was of it when `signal` was aborted. */
async function answer(
  generator: Generator,
  messages: readonly Message[],
  settings: GenerationInput,
  signal: AbortSignal,
): Promise<string> {
  let whole = "";
  try {
    for await (const { text } of generator.stream([{ messages }], settings, { signal })) {
      process.stdout.write(text);
      whole += text;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  process.stdout.write("\n");
  return whole;
}
