import { describe, expect, test } from "vitest";
import { worstDifference } from "../../../test/draw.ts";
import { tinyAttachment, tinyModel } from "../../../test/tiny-training.ts";
import { attachTo, hiddenStates, logitsOf } from "../attached.cases.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { wordEmbeddings } from "../virtual-tokens.ts";

test("counts: n · d", () => {
  const counts = [robertaBase, robertaLarge].map((specs) => countOf(attachTo(specs, "prompt_tuning")));
  expect(counts).toEqual([15_360, 20_480]);
  expect(countOf(attachTo(robertaBase, "prompt_tuning", { num_virtual_tokens: 100 }))).toBe(76_800);
});

test("its tokens are in front of every text and take positions; no linear module is touched", () => {
  const { virtualTokens, positions, targets, untouched, added } = attachTo(robertaBase, "prompt_tuning");
  expect([virtualTokens, positions, targets.length, untouched.length]).toEqual([20, 20, 0, 72]);
  expect(added.map(({ name, shape }) => [name, shape])).toEqual([["prompt_embeddings", [20, 768]]]);
});

describe.each(["bert-classification", "roberta-classification"])("on %s", (fixture) => {
  const words = [7, 30, 12];
  const texts = [
    [5, 6, 7, 8, 9],
    [21, 4],
  ];
  const longer = texts.map((text) => [...words, ...text]);

  /** A prompt that holds the embeddings of the words. */
  const prompted = async () => {
    const adapted = await tinyModel(fixture, { method: "prompt_tuning", options: { num_virtual_tokens: 3 } });
    const table = adapted.weights[wordEmbeddings(adapted.specs).name]!;
    const width = table.shape[1]!;
    words.forEach((word, i) =>
      adapted.weights["prompt_embeddings"]!.data.set(table.data.subarray(word * width, (word + 1) * width), i * width),
    );
    return adapted;
  };

  test.each([false, true])(
    "a prompt of words is read as those words in front of the text; causal: %s",
    async (causal) => {
      const [virtual, real] = [await prompted(), await tinyModel(fixture, { method: "head" })];
      const expected = hiddenStates(real, longer, { causal });
      expect(hiddenStates(virtual, texts, { causal })).toEqual(expected);
      expect(logitsOf(virtual, texts)).toEqual(logitsOf(real, longer));
    },
  );

  test("begins as standard normal numbers, or as rows of the word embeddings, drawn from the seed", async () => {
    const options = { num_virtual_tokens: 40 };
    const numbers = async (more: object) => {
      const { weights, specs } = await tinyModel(fixture, {
        method: "prompt_tuning",
        options: { ...options, ...more },
      });
      return { prompt: weights["prompt_embeddings"]!.data, table: weights[wordEmbeddings(specs).name]!.data };
    };
    const { prompt: normal } = await numbers({});
    const deviation = Math.sqrt(normal.reduce((sum, x) => sum + x * x, 0) / normal.length);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.1);

    const { prompt, table } = await numbers({ prompt_tuning_init: "sample_vocab" });
    const rows = (data: Float32Array) =>
      Array.from({ length: data.length / 16 }, (_, i) => data.subarray(16 * i, 16 * (i + 1)).join());
    const known = new Set(rows(table));
    expect(rows(prompt).every((row) => known.has(row))).toBe(true);
    expect(new Set(rows(prompt)).size).toBeGreaterThan(20);
    const { specs } = tinyAttachment(fixture);
    const sampled = { num_virtual_tokens: 40, prompt_tuning_init: "sample_vocab" } as const;
    const { weights } = await tinyModel(fixture);
    const drawn = (seed: number) => attachTo(specs, "prompt_tuning", sampled, seed).added[0]!.initial!(weights);
    expect(worstDifference(drawn(0), prompt)).toBe(0);
    expect(drawn(1)).not.toEqual(drawn(0));
  });
});

test.each([0, 1.5])("%d virtual tokens are refused", (n) => {
  expect(() => attachTo(robertaBase, "prompt_tuning", { num_virtual_tokens: n })).toThrow(
    new RegExp(`^num_virtual_tokens: ${n}, `),
  );
});
