import { describe, expect, test } from "vitest";
import { tinyModel } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { attachTo, hiddenStates } from "../attached.cases.ts";
import type { PTuningOptions } from "./p-tuning.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { wordEmbeddings } from "../virtual-tokens.ts";

const lstm = "LSTM" as const;

/** n·d + two directions a layer + linear layers 2h → 2h → d. */
function lstmCount(n: number, d: number, h: number, layers: number): number {
  const direction = (inner: number) => 4 * h * (inner + h + 2);
  const recurrent = 2 * direction(d) + 2 * (layers - 1) * direction(2 * h);
  return n * d + recurrent + 2 * h * (2 * h + 1) + d * (2 * h + 1);
}

test.each<[string, readonly ParameterSpec[], Partial<PTuningOptions>, number]>([
  ["RoBERTa-base, h 128", robertaBase, { encoder_hidden_size: 128 }, 229_376],
  ["RoBERTa-large, h 128", robertaLarge, { encoder_hidden_size: 128 }, 300_288],
  ["RoBERTa-base, h as wide as the model", robertaBase, {}, 20 * 768 + 3 * (768 * 768 + 768)],
  [
    "RoBERTa-base, LSTM",
    robertaBase,
    { num_virtual_tokens: 10, encoder_reparameterization_type: lstm, encoder_hidden_size: 384 },
    lstmCount(10, 768, 384, 2),
  ],
  [
    "RoBERTa-base, LSTM of three layers",
    robertaBase,
    { encoder_reparameterization_type: lstm, encoder_num_layers: 3 },
    lstmCount(20, 768, 768, 3),
  ],
])("counts: %s", (_, specs, options, count) => expect(countOf(attachTo(specs, "p_tuning", options))).toBe(count));

describe("has the tensors of peft's prompt encoder", () => {
  const named = (options: Partial<PTuningOptions>) =>
    Object.fromEntries(
      attachTo(robertaBase, "p_tuning", { num_virtual_tokens: 4, encoder_hidden_size: 5, ...options }).added.map(
        ({ name, shape }) => [name.replace(/^prompt_encoder\./, ""), shape],
      ),
    );

  test("with linear layers", () => {
    expect(named({})).toEqual({
      "embedding.weight": [4, 768],
      "mlp_head.0.weight": [5, 768],
      "mlp_head.0.bias": [5],
      "mlp_head.2.weight": [5, 5],
      "mlp_head.2.bias": [5],
      "mlp_head.4.weight": [768, 5],
      "mlp_head.4.bias": [768],
    });
  });

  test("with an LSTM, named as in PyTorch", () => {
    const layer = (end: string, inner: number) => ({
      [`lstm_head.weight_ih_${end}`]: [20, inner],
      [`lstm_head.weight_hh_${end}`]: [20, 5],
      [`lstm_head.bias_ih_${end}`]: [20],
      [`lstm_head.bias_hh_${end}`]: [20],
    });
    expect(named({ encoder_reparameterization_type: lstm })).toEqual({
      "embedding.weight": [4, 768],
      ...layer("l0", 768),
      ...layer("l0_reverse", 768),
      ...layer("l1", 10),
      ...layer("l1_reverse", 10),
      "mlp_head.0.weight": [10, 10],
      "mlp_head.0.bias": [10],
      "mlp_head.2.weight": [768, 10],
      "mlp_head.2.bias": [768],
    });
  });
});

test.each(["MLP", lstm])("what the %s gives is read as words are", async (type) => {
  const word = 9;
  const options = { num_virtual_tokens: 3, encoder_reparameterization_type: type };
  const adapted = await tinyModel("roberta-classification", { method: "p_tuning", options });
  const { weights } = adapted;
  const last = `prompt_encoder.mlp_head.${type === "MLP" ? 4 : 2}`;
  const table = weights[wordEmbeddings(adapted.specs).name]!;
  const width = table.shape[1]!;
  // Whatever comes before, the last layer then gives this word.
  weights[`${last}.weight`]!.data.fill(0);
  weights[`${last}.bias`]!.data.set(table.data.subarray(word * width, (word + 1) * width));
  const real = await tinyModel("roberta-classification", { method: "head" });
  expect(hiddenStates(adapted, [[5, 6, 7]])).toEqual(hiddenStates(real, [[word, word, word, 5, 6, 7]]));
});

test("the network begins as PyTorch's layers do: within ±1/√in, an LSTM within ±1/√h", async () => {
  const options = { num_virtual_tokens: 2, encoder_reparameterization_type: lstm, encoder_hidden_size: 25 };
  const { weights } = await tinyModel("bert-classification", { method: "p_tuning", options });
  const largest = (name: string) =>
    weights[`prompt_encoder.${name}`]!.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  for (const [name, bound] of [
    ["lstm_head.weight_ih_l0", 1 / 5],
    ["lstm_head.bias_hh_l1_reverse", 1 / 5],
    ["mlp_head.0.weight", 1 / Math.sqrt(50)],
    ["mlp_head.2.bias", 1 / Math.sqrt(50)],
  ] as const) {
    expect(largest(name)).toBeLessThanOrEqual(bound);
    expect(largest(name)).toBeGreaterThan(0.75 * bound);
  }
});
