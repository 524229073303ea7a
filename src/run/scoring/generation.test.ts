/** What a model says, compared with what is accepted; the model is a script that answers by what it was asked. */
import { expect, test } from "vitest";
import { byteTokenizer, byteTokenizerConfig } from "../../../test/tiny-decoder.ts";
import type { Example } from "../../data/examples.ts";
import { createTokenizer } from "../../data/tokenizer.ts";
import type { Generator } from "../generator.ts";
import { generationScores } from "./generation.ts";

const tokenizer = createTokenizer({ ...byteTokenizer }, { ...byteTokenizerConfig }, "tokenizer.json");
const decoding = { num_beams: 4, max_new_tokens: 10 };

/** @param answer from the text of a prompt to what the model says */
function scripted(answer: (prompt: string) => string, maxPositions = 100) {
  const asked: string[] = [];
  const settings: unknown[] = [];
  const generator = {
    opened: { tokenizer, model: { maxPositions } },
    adapted: { attachment: { positions: 0 } },
    async generate(prompts: readonly (readonly number[])[], given: unknown) {
      settings.push(given);
      return prompts.map((ids) => {
        asked.push(tokenizer.decode(ids));
        return { sequences: [{ text: answer(tokenizer.decode(ids)) }] };
      });
    },
  } as unknown as Generator;
  return { generator, asked, settings };
}

const example = (prompt: string, references: readonly string[], kept = 0): Example => ({
  line: 1,
  texts: [prompt, `the correct answer is ${references[0]}`],
  label: null,
  references,
  ...(kept > 0 && { kept }),
});
const dataOf = (...examples: readonly Example[]) => ({ where: "dev.jsonl", examples });
const task = { kind: "prompt-completion" } as const;

test("the share of right answers; the model sees prompts alone, in the task's decoding", async () => {
  const { generator, asked, settings } = scripted((prompt) => (prompt.startsWith("A") ? "it is answer1" : "answer3?"));
  const data = dataOf(example("A?", ["answer1"]), example("B?", ["answer2"]), example("C?", ["answer3"]));
  const scoring = { metrics: ["answer_number"], decoding } as const;
  const progress: number[] = [];
  const found = await generationScores(task, scoring, data, generator, {
    batchSize: 2,
    onProgress: (n) => progress.push(n),
  });
  expect(found.scores).toEqual({ accuracy: 2 / 3 });
  expect(asked).toEqual(["A?", "B?", "C?"]);
  expect(settings).toEqual([decoding, decoding]);
  expect(progress).toEqual([2, 3]);
  expect(found.protocols).toMatchObject([
    { scores: ["accuracy"], items: 3, prompt: "A?", split: "validation", decoding },
  ]);
});

test("summaries are compared sentence by sentence with the best of all references", async () => {
  const { generator } = scripted(() => "The dog barked. The cat was on the mat.");
  const data = dataOf(example("long", ["nothing alike", "The cat sat on the mat. The dog barked."]));
  const { scores } = await generationScores(task, { metrics: ["rouge"], decoding }, data, generator);
  // As a whole the order counts, by sentences it does not.
  expect(scores["rouge1"]).toBeCloseTo(8 / 9, 6);
  expect(scores["rougeL"]).toBeCloseTo(5 / 9, 6);
  expect(scores["rougeLsum"]).toBeCloseTo(8 / 9, 6);
});

test("a prompt that is too long leaves room for the answer, and its kept end stays", async () => {
  const { generator, asked } = scripted(() => "", 20);
  const data = dataOf(example("0123456789abc", ["x"]), example("0123456789 TL;DR:", ["x"], 7));
  const found = await generationScores(task, { metrics: ["answer_number"], decoding }, data, generator);
  expect(asked).toEqual(["3456789abc", "012 TL;DR:"]);
  expect(found.protocols[0]).toMatchObject({ truncated: 2, max_seq_length: 10 });
});

test("a model without a longest sequence has none in the protocol", async () => {
  const { generator } = scripted(() => "", Infinity);
  const { protocols } = await generationScores(
    task,
    { metrics: ["answer_number"], decoding },
    dataOf(example("A", ["x"])),
    generator,
  );
  expect(protocols[0]).not.toHaveProperty("max_seq_length");
});
