/** rocoft generate, on a tiny decoder and a tiny encoder-decoder. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Generated } from "../../src/generation/generate.ts";
import { json, output, rocoft } from "../cli.ts";
import { makeTinyModel, scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
makeTinyModel(join(cwd, "decoder"), "llama-lm", { max_position_embeddings: 32 });
const chat_template = "{% for message in messages %}{{ message.content }} . {% endfor %}";
write(join(cwd, "decoder", "tokenizer_config.json"), JSON.stringify({ chat_template }));
makeTinyModel(join(cwd, "encoder"), "bert-classification");

const decoder = ["generate", "--model", "decoder", "--threads", "1"];
const short = ["--max_new_tokens", "6"];
type Line = Generated & { readonly prompt: unknown };

describe.concurrent("rocoft generate", () => {
  test("writes the text of one prompt, which --json gives with its tokens", async () => {
    const line = await json<Line>([...decoder, "--prompt", "the film", ...short], { cwd });
    expect(line).toMatchObject({ prompt: "the film", promptTokens: 4 });
    expect(line.sequences).toEqual([
      { tokens: expect.any(Array), finishReason: expect.any(String), score: null, text: expect.any(String) },
    ]);
    expect(line.newTokensPerSecond).toBeGreaterThan(0);
    expect(await output([...decoder, "--prompt", "the film", ...short], { cwd })).toBe(`${line.sequences[0]!.text}\n`);
  });

  test("continues several prompts, of flags or of files, whatever the size of a batch", async () => {
    write(join(cwd, "prompts.txt"), "the film\na tale is\n");
    write(
      join(cwd, "prompts.jsonl"),
      '{"prompt": "the film"}\n{"messages": [{"role": "user", "content": "a tale is"}]}\n',
    );
    const flags = ["--prompt", "the film", "--prompt", "a tale is", ...short];
    const lines = await output([...decoder, ...flags, "--json"], { cwd });
    const parsed = lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
    const texts = parsed.map(({ sequences }) => sequences[0]!.text);
    expect(parsed.map(({ prompt }) => prompt)).toEqual(["the film", "a tale is"]);
    const shown = `> the film\n${texts[0]}\n\n> a tale is\n${texts[1]}\n\n`;
    expect(await output([...decoder, ...flags], { cwd })).toBe(shown);
    expect(await output([...decoder, "--data", "prompts.txt", ...short, "--batch_size", "1"], { cwd })).toBe(shown);
    const mixed = await output([...decoder, "--data", "prompts.jsonl", ...short], { cwd });
    expect(mixed).toMatch(`> the film\n${texts[0]}\n\n> a tale is\n`);
  });

  test("draws the same for the same seed, and gives as many as are asked for", async () => {
    const flags = [...decoder, "--prompt", "the film", ...short, "--do_sample", "--num_return_sequences", "3"];
    const tokensOf = async (seed: string) =>
      (await json<Line>([...flags, "--seed", seed], { cwd })).sequences.map(({ tokens }) => tokens);
    const first = await tokensOf("1");
    expect(first.length).toBe(3);
    expect(await tokensOf("1")).toEqual(first);
    expect(await tokensOf("2")).not.toEqual(first);
  });

  test("answers turn by turn, each after those before", async () => {
    const flags = [...decoder, "--chat", ...short];
    const answers = await rocoft(flags, { cwd, input: "the film\n\nis it good\n" });
    expect(answers).toMatchObject({ code: 0, stderr: "" });
    const [first] = answers.stdout.split("\n");
    expect(await output([...flags, "--prompt", "the film"], { cwd })).toBe(`${first!}\n`);
  });

  test.each<[string, string[], string]>([
    ["nothing to continue", [], "expected --prompt, --data or --chat"],
    ["two sources", ["--prompt", "a", "--data", "b"], "expected --prompt or --data, one of the two"],
    ["a system without --chat", ["--prompt", "a", "--system", "b"], "--system: expected only with --chat"],
    ["a number out of range", ["--prompt", "a", "--top_p", "2"], "top_p: 2, expected number to be <=1"],
    [
      "a word that is none",
      ["--prompt", "a", "--early_stopping", "ever"],
      'early_stopping: "ever", expected true, false or never',
    ],
    [
      "too long a prompt",
      ["--prompt", "a ".repeat(40)],
      "prompt 1: 42 tokens, expected no more than the 32 positions of the model",
    ],
    ["a file that is not there", ["--data", "none.txt"], "none.txt: cannot be read: no such file or folder"],
  ])("refuses %s in one line", async (_, flags, message) => {
    expect(await rocoft([...decoder, ...flags], { cwd })).toEqual({
      code: 1,
      stdout: "",
      stderr: `rocoft: ${message}\n`,
    });
  });

  test("refuses a model that does not write, and a conversation without a template", async () => {
    const encoder = await rocoft(["generate", "--model", "encoder", "--prompt", "a"], { cwd });
    expect(encoder.stderr).toMatch(
      /^rocoft: .*encoder: text-classification gives no text, expected a model with a head/,
    );
    mkdirSync(join(cwd, "plain"));
    makeTinyModel(join(cwd, "plain"), "llama-lm");
    const plain = await rocoft(["generate", "--model", "plain", "--chat", "--prompt", "a"], { cwd });
    expect(plain.stderr).toMatch(/^rocoft: .*no chat_template/);
  });
});
