/** Likelihoods of continuations are those of reading each text with its continuation whole, in float64. */
import { describe, expect, test } from "vitest";
import { tinyModel } from "../../test/tiny-training.ts";
import { simplify } from "../graph/simplify.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { forward, reparameterizedTable } from "../train/forward.ts";
import { finished } from "../train/step.ts";
import { type Continued, likelihoodModel } from "./likelihood.ts";

const runtime = await nativeRuntime({ threads: 1 });
const models = ["gpt2-lm", "llama-lm", "bloom-lm", "gptj-lm", "qwen3-lm", "gemma-lm", "mistral-lm"];

/** Texts of 1 to 7 tokens with 1 to 4 continuations of 1 to 5. */
function drawnTexts(count: number, seed: number): Continued[] {
  const stream = random(seed, "texts");
  const tokens = (most: number) => Array.from({ length: 1 + stream.integer(most) }, () => 3 + stream.integer(25));
  return Array.from({ length: count }, (_, i) => ({
    text: i === 0 ? tokens(1) : tokens(7),
    continuations: Array.from({ length: 1 + stream.integer(4) }, () => tokens(5)),
  }));
}

/** Σ log p of a continuation, of the whole text at once. */
function oracle(adapted: AdaptedModel, text: readonly number[], continuation: readonly number[]): number {
  const { hidden, head } = forward(adapted, reparameterizedTable(adapted), { training: false });
  const [logits] = simplify([head(hidden({ causal: true }))], finished());
  const ids = [...text, ...continuation];
  const row = (values: readonly number[]) => array64([1, values.length], values);
  const feeds = {
    ...Object.fromEntries(
      Object.entries(adapted.feeds).map(([name, { shape, data }]) => [
        name,
        array64(shape, Float64Array.from(data, Number)),
      ]),
    ),
    input_ids: row(ids),
    attention_mask: row(ids.map(() => 1)),
    token_type_ids: row(ids.map(() => 0)),
  };
  const { shape, data } = interpret([logits!], feeds)[0]!;
  const vocabulary = shape.at(-1)!;
  const first = shape[1]! - ids.length;
  return continuation.reduce((sum, token, i) => {
    const at = (first + text.length + i - 1) * vocabulary;
    const scores = data.subarray(at, at + vocabulary);
    const total = scores.reduce((all, score) => all + Math.exp(score), 0);
    return sum + scores[token]! - Math.log(total);
  }, 0);
}

async function expectOracle(adapted: AdaptedModel, texts: readonly Continued[], batchSize: number): Promise<void> {
  const model = await likelihoodModel(adapted, runtime, 0);
  const found = await model.logLikelihoods(texts, { batchSize });
  await model.dispose();
  texts.forEach(({ text, continuations }, i) =>
    continuations.forEach((continuation, k) =>
      expect(found[i]![k]).toBeCloseTo(oracle(adapted, text, continuation), 4),
    ),
  );
}

describe.each(models)("%s", (fixture) => {
  test.each([1, 3, 16])("texts read %i at once", async (batchSize) => {
    const adapted = await tinyModel(fixture, { head: "causal-language-model", method: "head" });
    await expectOracle(adapted, drawnTexts(7, batchSize), batchSize);
  });
});

test.each(["lora", "prompt_tuning", "prefix_tuning"])("with %s", async (method) => {
  const options = method === "lora" ? { init_lora_weights: "gaussian" } : { num_virtual_tokens: 3 };
  const adapted = await tinyModel("llama-lm", { head: "causal-language-model", method, options });
  await expectOracle(adapted, drawnTexts(5, 1), 4);
});

test("tells of progress and stops at a signal", async () => {
  const adapted = await tinyModel("gpt2-lm", { head: "causal-language-model", method: "head" });
  const model = await likelihoodModel(adapted, runtime, 0);
  const done: number[] = [];
  await model.logLikelihoods(drawnTexts(5, 2), { batchSize: 2, onProgress: (n) => done.push(n) });
  expect(done).toEqual([2, 4, 5]);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(model.logLikelihoods(drawnTexts(2, 2), { signal })).rejects.toThrow("enough");
  await model.dispose();
});
