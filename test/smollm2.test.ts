/** The real SmolLM2-135M-Instruct, where its folder is at hand: logits and greedy text equal to transformers'. */
import { expect, test } from "vitest";
import { simplify } from "../src/graph/simplify.ts";
import { inputTable, scopeOf } from "../src/nn/parameters.ts";
import { openModel } from "../src/run/prepare.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { tensor } from "../src/tensor/tensor.ts";
import { modelInputs } from "../src/train/forward.ts";
import { loadWeights } from "../src/train/load.ts";
import { readJson } from "./fixtures.ts";

const folder = process.env["ROCOFT_SMOLLM2_HF"] ?? "";
const reason = folder ? "" : " (skipped: ROCOFT_SMOLLM2_HF names no folder)";

interface Prompt {
  readonly text: string;
  readonly ids: readonly number[];
  /** Some tokens, and the logits of each of them after the prompt. */
  readonly entries: readonly number[];
  readonly logits: readonly number[];
  readonly logsumexp: number;
  /** The tokens that follow, each the likeliest. */
  readonly continuation: readonly number[];
}

/** Texts as a batch, padded on the left. */
function batchOf(texts: readonly (readonly number[])[], pad: number) {
  const width = Math.max(...texts.map(({ length }) => length));
  const integers = (row: (ids: readonly number[], i: number) => number) => {
    const values = texts.flatMap((ids) => Array.from({ length: width }, (_, i) => row(ids, i - width + ids.length)));
    return tensor("int64", [texts.length, width], BigInt64Array.from(values, BigInt));
  };
  return { width, input_ids: integers((ids, i) => ids[i] ?? pad), attention_mask: integers((_, i) => Number(i >= 0)) };
}

const largest = (values: Float32Array) => values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
const logSumExp = (values: Float32Array) => {
  const most = values[largest(values)]!;
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
};

test.skipIf(!folder)(`SmolLM2-135M-Instruct gives transformers' logits and greedy text${reason}`, async () => {
  const { prompts, scale } = readJson<{ prompts: readonly Prompt[]; scale: number }>("smollm2.json");
  const opened = await openModel(folder, { revision: "main", head: "causal-language-model", labels: 0 });
  const { model, head, specs, tokenizer } = opened;
  const { weights, unused } = await loadWeights(model, specs, { where: folder, ...opened.folder }, { seed: 0 });
  await opened.folder.close();
  expect(unused).toEqual([]);
  for (const { text, ids } of prompts) expect(tokenizer.tokenize(text)).toEqual(ids);

  const inputs = modelInputs();
  const scope = scopeOf(inputTable(specs));
  const [logits] = simplify([head.forward(scope, model.body(scope, inputs), { labels: 0, inputs })]);
  const program = await (await nativeRuntime()).compile({ logits: logits! });
  const texts = prompts.map(({ ids, continuation }) => [...ids, ...continuation]);
  const { width, ...batch } = batchOf(texts, opened.padTokenId);
  const results = await program.run({ ...weights, ...batch });
  await program.dispose();

  const scores = results["logits"]!.data as Float32Array;
  const after = (row: number, fromEnd: number) => {
    const begin = ((row + 1) * width - fromEnd) * model.vocabularySize;
    return scores.subarray(begin, begin + model.vocabularySize);
  };
  prompts.forEach(({ text, entries, logits: expected, logsumexp, continuation }, row) => {
    const last = after(row, continuation.length + 1);
    const differences = entries.map((entry, i) => Math.abs(last[entry]! - expected[i]!));
    expect(Math.max(...differences) / scale, text).toBeLessThan(1e-4);
    expect(Math.abs(logSumExp(last) - logsumexp) / scale, text).toBeLessThan(1e-4);
    // Given the tokens before it, each is the likeliest: that is what writes them one after the other.
    const likeliest = continuation.map((_, i) => largest(after(row, continuation.length + 1 - i)));
    expect(likeliest, text).toEqual(continuation);
  });
});
