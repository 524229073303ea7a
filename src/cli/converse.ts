/** A conversation, turn by turn: lines of standard input and what the model answers. */
import { createInterface } from "node:readline";
import type { Message } from "../data/examples.ts";
import type { GenerationInput } from "../generation/settings.ts";
import type { Generator } from "../run/generator.ts";

/**
 * Answers each line of standard input on standard output until the input ends.
 * @param begun the turns before the first line
 */
export async function converse(
  generator: Generator,
  begun: readonly Message[],
  settings: GenerationInput,
): Promise<void> {
  const { stdin, stdout, stderr } = process;
  if (stdin.isTTY) stderr.write("a conversation, a turn on each line; Ctrl-D (Ctrl-Z on Windows) ends it\n");
  const lines = createInterface({ input: stdin, ...(stdin.isTTY && { output: stderr }), prompt: "> " });
  const messages = [...begun];
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() !== "") {
      messages.push({ role: "user", content: line });
      let answer = "";
      for await (const { text } of generator.stream([{ messages }], settings)) {
        stdout.write(text);
        answer += text;
      }
      stdout.write("\n");
      messages.push({ role: "assistant", content: answer });
    }
    lines.prompt();
  }
}
