import { describe, expect, test } from "vitest";
import { worstDifference } from "../../../test/draw.ts";
import { tinyModel } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import type { AdaptedModel } from "../../train/adapt.ts";
import { attachTo, hiddenStates, keysAndValues } from "../attached.cases.ts";
import type { PrefixTuningOptions } from "./prefix-tuning.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";

const network = { prefix_projection: true } as const;
const text = [5, 6, 7, 8];

test.each<[string, readonly ParameterSpec[], Partial<PrefixTuningOptions>, number]>([
  ["RoBERTa-base", robertaBase, {}, 368_640],
  ["RoBERTa-large", robertaLarge, {}, 983_040],
  ["RoBERTa-base, through a network", robertaBase, network, 9_864_704],
  ["RoBERTa-large, through a network", robertaLarge, network, 25_760_256],
])("counts: %s", (_, specs, options, count) => expect(countOf(attachTo(specs, "prefix_tuning", options))).toBe(count));

test("works on every attention; no token is added, but positions are taken where the text's are shifted", () => {
  const attachment = attachTo(robertaBase, "prefix_tuning");
  expect([attachment.targets.length, attachment.targets[11]]).toEqual([12, "roberta.encoder.layer.11.attention.self"]);
  expect([attachment.virtualTokens, attachment.positions, attachment.untouched.length]).toEqual([0, 20, 72]);
  expect(attachTo(robertaBase, "prefix_tuning", { shift_positions: false }).positions).toBe(0);
});

test("has the tensors of peft's prefix encoder", () => {
  const shapes = (options: Partial<PrefixTuningOptions>) =>
    attachTo(robertaBase, "prefix_tuning", options).added.map(({ name, shape }) => [name, shape]);
  expect(shapes({})).toEqual([["prompt_embeddings", [20, 18_432]]]);
  expect(shapes(network)).toEqual([
    ["prompt_encoder.embedding.weight", [20, 768]],
    ["prompt_encoder.transform.0.weight", [512, 768]],
    ["prompt_encoder.transform.0.bias", [512]],
    ["prompt_encoder.transform.2.weight", [18_432, 512]],
    ["prompt_encoder.transform.2.bias", [18_432]],
  ]);
});

const tiny = (fixture: string, options: Partial<PrefixTuningOptions>): Promise<AdaptedModel> =>
  tinyModel(fixture, { method: "prefix_tuning", options: { num_virtual_tokens: 3, ...options } });

/** Writes the keys and values that a causal model has of some words into a prefix. */
async function cacheOf(fixture: string, words: readonly number[], prefix: AdaptedModel): Promise<void> {
  const bare = await tinyModel(fixture, { method: "head" });
  const { data, shape } = prefix.weights["prompt_embeddings"]!;
  keysAndValues(bare, words, { causal: true }).forEach(({ key, value }, layer) =>
    [key, value].forEach((rows, i) =>
      words.forEach((_, n) => data.set(rows.subarray(16 * n, 16 * (n + 1)), n * shape[1]! + 16 * (2 * layer + i))),
    ),
  );
}

describe.each(["bert-classification", "roberta-classification"])("on %s", (fixture) => {
  test("a prefix of what a causal model has of some words lets it read on from them", async () => {
    const words = [7, 30, 12];
    const prefixed = await tiny(fixture, {});
    await cacheOf(fixture, words, prefixed);
    const whole = hiddenStates(await tinyModel(fixture, { method: "head" }), [[...words, ...text]], { causal: true });
    const [rest] = hiddenStates(prefixed, [text], { causal: true });
    // The prefix is kept in float32, what the whole text gives is computed in float64.
    expect(worstDifference(rest!.flat(), whole[0]!.slice(3).flat())).toBeLessThan(1e-6);
  });

  test.each([false, true])("every token sees the prefix, and none sees padding; causal: %s", async (causal) => {
    const adapted = await tiny(fixture, {});
    const [alone] = hiddenStates(adapted, [text], { causal });
    const [padded] = hiddenStates(adapted, [text, [5, 6, 7, 8, 9, 10]], { causal });
    expect(padded).toEqual(alone);
    const prefix = adapted.weights["prompt_embeddings"]!;
    // The last row of the prefix, in its first layer alone.
    prefix.data[2 * prefix.shape[1]!]! += 1;
    const [changed] = hiddenStates(adapted, [text], { causal });
    changed!.forEach((state, token) => expect(worstDifference(state, alone![token]!)).toBeGreaterThan(1e-6));
  });

  test("positions of the text are counted from behind the prefix, unless told otherwise", async () => {
    const [shifted, unshifted] = [await tiny(fixture, {}), await tiny(fixture, { shift_positions: false })];
    const positions = Object.keys(shifted.weights).find((name) => name.endsWith("position_embeddings.weight"))!;
    const { data } = shifted.weights[positions]!;
    unshifted.weights[positions]!.data.set(data.subarray(3 * 16), 0);
    expect(hiddenStates(unshifted, [text])).toEqual(hiddenStates(shifted, [text]));
  });

  test("a network that gives the same prefix reads the same", async () => {
    const [own, given] = [await tiny(fixture, {}), await tiny(fixture, { ...network, encoder_hidden_size: 6 })];
    const row = given.weights["prompt_encoder.transform.2.bias"]!.data;
    given.weights["prompt_encoder.transform.2.weight"]!.data.fill(0);
    for (let n = 0; n < 3; n++) own.weights["prompt_embeddings"]!.data.set(row, n * row.length);
    expect(hiddenStates(given, [text])).toEqual(hiddenStates(own, [text]));
  });

  test("begins as standard normal numbers or at zero, which is not the model without it either", async () => {
    const values = async (options: Partial<PrefixTuningOptions>) =>
      (await tiny(fixture, { num_virtual_tokens: 100, ...options })).weights["prompt_embeddings"]!.data;
    const normal = await values({});
    const deviation = Math.sqrt(normal.reduce((sum, x) => sum + x * x, 0) / normal.length);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.05);
    expect((await values({ init_weights: "zero" })).every((x) => x === 0)).toBe(true);

    const zero = hiddenStates(await tiny(fixture, { init_weights: "zero", shift_positions: false }), [text]);
    const bare = hiddenStates(await tinyModel(fixture, { method: "head" }), [text]);
    expect(worstDifference(zero.flat(2), bare.flat(2))).toBeGreaterThan(1e-4);

    const { weights } = await tiny(fixture, { ...network, init_weights: "zero" });
    const isZero = (name: string) => weights[`prompt_encoder.${name}`]!.data.every((x) => x === 0);
    expect(["embedding.weight", "transform.0.weight", "transform.2.weight", "transform.2.bias"].map(isZero)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });
});

test("where queries, keys and values come out of one module, keys are a third of it", () => {
  const fused = robertaBase
    .filter(({ name }) => !/\.(key|value)\./.test(name))
    .map((spec) =>
      spec.name.endsWith(".query.weight")
        ? { ...spec, name: spec.name.replace("query", "query_key_value"), shape: [3 * 768, 768] }
        : spec,
    );
  const shapes = (specs: readonly ParameterSpec[]) => attachTo(specs, "prefix_tuning").added.map(({ shape }) => shape);
  expect(shapes(fused)).toEqual(shapes(robertaBase));
});

test("a model that projects no keys is refused", () => {
  const keyless = robertaBase.filter(({ name }) => !name.includes(".key."));
  expect(() => attachTo(keyless, "prefix_tuning")).toThrow(
    new Error("prefix: no module of the blocks projects keys, expected one in each (key, k_proj, query_key_value)"),
  );
});
