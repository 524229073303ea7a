/** Files of prompts: a text on each line, or JSON lines that each have a prompt or a conversation. */
import * as z from "zod";
import { parse } from "../data/parse.ts";
import { readJsonl } from "../formats/jsonl.ts";
import { readTextFile } from "../hub/dataset.ts";
import type { GeneratorPrompt } from "./generator.ts";

const row = z
  .looseObject({
    prompt: z.string().optional(),
    messages: z
      .array(z.looseObject({ role: z.string(), content: z.string() }))
      .min(1)
      .optional(),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    error: "expected prompt or messages, one of the two",
  });

/**
 * The prompts of a file.
 * @throws Error in one line for a file that cannot be read or has none, or a row that is no prompt.
 */
export async function readPrompts(
  path: string,
): Promise<(string | Exclude<GeneratorPrompt, string | readonly number[]>)[]> {
  const text = await readTextFile(path);
  const prompts = /\.jsonl?$/i.test(path)
    ? readJsonl(text, path).rows.map(({ values, line }) => {
        const { prompt, messages } = parse(row, values, `${path}:${line}`);
        return prompt ?? { messages: messages! };
      })
    : text.split(/\r?\n/).filter((line) => line !== "");
  if (prompts.length === 0) throw new Error(`${path}: no prompts, expected one a line`);
  return prompts;
}
