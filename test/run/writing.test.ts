/** Models that learn to write, from a terminal's settings: planned, trained, scored, resumed, merged. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { TrainInput } from "../../src/run/config.ts";
import { fineTune, mergeRun, openCheckpoint, openRun, plan, resumeRun, type RunEvent } from "../../src/node.ts";
import { output } from "../cli.ts";
import { makeTinyDecoder } from "../tiny-decoder.ts";
import { makeTinyModel, reviews, scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const jsonl = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join("\n");

makeTinyDecoder(path("decoder"));
makeTinyDecoder(path("dynamic"), {
  max_position_embeddings: 100,
  rope_scaling: { rope_type: "dynamic", factor: 2 },
});
makeTinyModel(path("bart"), "bart-generation", { vocab_size: 41, max_position_embeddings: 16 });
const files = {
  "causal-language-model": {
    name: "texts.txt",
    text: reviews(24, 1)
      .map(({ text }) => text)
      .join("\n\n"),
  },
  "prompt-completion": {
    name: "pairs.jsonl",
    text: jsonl(
      reviews(24, 2).map(({ text, good }) => ({ question: `Is this good? ${text}`, answer: good ? "Yes" : "No" })),
    ),
  },
  chat: {
    name: "chat.jsonl",
    text: jsonl(
      reviews(24, 3).map(({ text, good }) => ({
        messages: [
          { role: "user", content: text },
          { role: "assistant", content: good ? "Good." : "Bad." },
          { role: "user", content: "Sure?" },
          { role: "assistant", content: "Yes." },
        ],
      })),
    ),
  },
  "sequence-to-sequence": {
    name: "summaries.jsonl",
    text: jsonl(
      reviews(24, 4).map(({ text, good }) => ({ document: text, summary: good ? "it is good" : "it is bad" })),
    ),
  },
} as const;
for (const { name, text } of Object.values(files)) write(path(name), text);

type WritingTask = keyof typeof files;
const anew = { init: "random", method: "full", learning_rate: 1e-2 } as const;

function inputOf(task: WritingTask, output: string, more: Partial<TrainInput> = {}): TrainInput {
  const data = path(files[task].name);
  return {
    ...anew,
    ...(task === "sequence-to-sequence"
      ? { model: path("bart"), max_seq_length: 12 }
      : { model: path("decoder"), max_seq_length: 160 }),
    task,
    data,
    validation_file: data,
    output_dir: path(output),
    per_device_train_batch_size: 6,
    num_train_epochs: 3,
    warmup_steps: 2,
    threads: 1,
    ...more,
  };
}

async function all(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const list: RunEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}
const scoresOf = (events: readonly RunEvent[]) => {
  const last = events.at(-1)!;
  if (last.type !== "saved" || last.scores === null) throw new Error(`ended with ${last.type}`);
  return last.scores;
};
const evaluated = async (opened: Awaited<ReturnType<typeof openRun>>, file: string) => {
  const { scores } = await opened.evaluate(path(file));
  await opened.dispose();
  return scores;
};

const cases: readonly (readonly [WritingTask, boolean, string])[] = [
  ["causal-language-model", false, "LlamaForCausalLM"],
  ["causal-language-model", true, "LlamaForCausalLM"],
  ["prompt-completion", false, "LlamaForCausalLM"],
  ["prompt-completion", true, "LlamaForCausalLM"],
  ["chat", false, "LlamaForCausalLM"],
  ["chat", true, "LlamaForCausalLM"],
  ["sequence-to-sequence", false, "BartForConditionalGeneration"],
];

test.each(cases)(
  "%s, packing %s: learns, and is scored alike as a run and merged",
  async (task, packing, architecture) => {
    const [run, merged] = [`runs/${task}-${packing}`, `merged/${task}-${packing}`];
    const input = inputOf(task, run, { packing });
    const planned = await plan(input);
    const events = await all(fineTune(input));
    const losses = events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
    expect(losses).toHaveLength(planned.totalSteps);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const scores = scoresOf(events);
    expect(scores).toEqual({ loss: scores["loss"], perplexity: Math.exp(scores["loss"]!) });

    const { name } = files[task];
    expect(await evaluated(await openRun(path(run)), name)).toEqual(scores);
    await mergeRun(path(run), path(merged));
    expect(JSON.parse(readFileSync(path(merged, "config.json"), "utf8"))).toMatchObject({
      architectures: [architecture],
    });
    const checkpoint = await openCheckpoint(path(merged), { task, maxLength: input.max_seq_length! });
    expect(await evaluated(checkpoint, name)).toEqual(scores);
    // Without a task it is what config.json says.
    const usual = await openCheckpoint(path(merged));
    expect(usual.task.kind).toBe(task === "sequence-to-sequence" ? task : "causal-language-model");
    await usual.dispose();
  },
);

test("packed rows are fewer, and a run of them is resumed to the same end", async () => {
  const input = (output: string) => inputOf("chat", output, { packing: true, num_train_epochs: 8, save_steps: 3 });
  expect((await plan(input("none"))).stepsPerEpoch).toBeLessThan((await plan(inputOf("chat", "none"))).stepsPerEpoch);
  await all(fineTune(input("whole")));
  const stop = new AbortController();
  for await (const event of fineTune(input("parts"), { signal: stop.signal }))
    if (event.type === "step" && event.step === 5) stop.abort();
  const resumed = await all(resumeRun(path("parts")));
  expect(resumed[0]).toMatchObject({ type: "ready", resumedFrom: 5 });
  const weights = (run: string) => readFileSync(path(run, "adapter", "adapter_model.safetensors"));
  expect(weights("parts").equals(weights("whole"))).toBe(true);
});

describe("a plan", () => {
  const shownOf = async (task: WritingTask, more: Partial<TrainInput> = {}) => {
    const { examples, data } = await plan(inputOf(task, "none", more));
    const shown = examples.map(({ parts }) =>
      parts!.map(({ text, carriesLoss }) => (carriesLoss ? `[${text}]` : text)).join(""),
    );
    return { shown, data, examples };
  };
  const [review] = reviews(1, 3);

  test("shows what carries loss, and how much of the data does", async () => {
    const { shown, data, examples } = await shownOf("chat");
    const { text, good } = review!;
    expect(shown[0]).toBe(
      `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n[${good ? "Good." : "Bad."}<|im_end|>]\n` +
        "<|im_start|>user\nSure?<|im_end|>\n<|im_start|>assistant\n[Yes.<|im_end|>]\n",
    );
    const count = (carriesLoss: boolean) =>
      examples[0]!
        .parts!.filter((part) => part.carriesLoss === carriesLoss)
        .reduce((sum, { tokens }) => sum + tokens, 0);
    expect(count(true) + count(false)).toBe(examples[0]!.tokens.length);
    // Every token is a byte, and both answers end with a token of their own.
    const asked = reviews(24, 3).map((each) => (each.good ? 5 : 4) + 1 + 4 + 1);
    expect(data.lossTokens).toBe(asked.reduce((a, b) => a + b));
    expect(data).toMatchObject({ train: 24, examples: 24, skipped: 0 });
  });

  test("of the command line has what carries loss in brackets", async () => {
    const flags =
      "--init random --method full --task chat --data chat.jsonl --validation_file chat.jsonl --max_seq_length 160";
    const text = await output(["plan", "--model", "decoder", ...flags.split(" ")], { cwd });
    const { text: said, good } = review!;
    expect(text).toContain(
      "First examples, what carries loss in brackets\n" +
        `  chat.jsonl:1\n    <|im_start|>user\n    ${said}<|im_end|>\n    <|im_start|>assistant\n` +
        `    ⟦${good ? "Good." : "Bad."}<|im_end|>⟧\n    <|im_start|>user\n    Sure?<|im_end|>\n` +
        "    <|im_start|>assistant\n    ⟦Yes.<|im_end|>⟧\n  chat.jsonl:2\n",
    );
    expect(text).toMatch(
      /\n {2}24 training examples \(longest \d+ tokens\), 24 validation examples\n {2}\d+ of [\d,]+ tokens carry loss \([\d.]+ %\)\n/,
    );
    const packed = await output(["plan", "--model", "decoder", ...flags.split(" "), "--packing"], { cwd });
    expect(packed).toMatch(/\n {2}\d+ rows of 24 training examples /);
    expect(packed).toContain("⟦Yes.<|im_end|>⟧\n    ─\n    <|im_start|>user\n");
  });

  test("tells examples apart that share a row", async () => {
    const { examples, data } = await shownOf("prompt-completion", { packing: true });
    expect(data.examples).toBe(24);
    expect(data.train).toBeLessThan(24);
    expect([...new Set(examples[0]!.parts!.map(({ example }) => example))]).toEqual([1, 2, 3]);
  });

  test("shows targets behind their sources", async () => {
    const { shown } = await shownOf("sequence-to-sequence");
    expect(shown[0]).toMatch(/^<s> .* <\/s>\[ <s> it is (good|bad) <\/s>\]$/);
  });

  test("counts what is left out", async () => {
    const { data } = await shownOf("chat", { max_seq_length: 38 });
    expect(data.skipped).toBeGreaterThan(0);
    expect(data.train + data.skipped).toBe(24);
  });
});

test.each<[string, WritingTask, object, RegExp]>([
  [
    "a task without rows to pack",
    "sequence-to-sequence",
    {},
    /^packing: sequence-to-sequence has no rows to pack, expected one of causal-language-model, prompt-completion, chat$/,
  ],
  [
    "a method with tokens of its own",
    "chat",
    { method: "prompt_tuning", max_seq_length: 100 },
    /^packing: the method puts tokens of its own before each row, expected one that puts none$/,
  ],
  [
    "rows so long that positions depend on their length",
    "chat",
    { model: path("dynamic") },
    /^packing: in rows of more than 100 tokens the model's positions depend on the row's length, expected max_seq_length 100 at most, not 160$/,
  ],
])("packing is refused of %s", async (_, task, more, message) => {
  await expect(plan({ ...inputOf(task, "none", { packing: true }), ...more })).rejects.toThrow(message);
});
