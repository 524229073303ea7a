import { describe, expect, test } from "vitest";
import { tinyModel } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { lora, type LoraOptions } from "./lora.ts";
import type { Attachment } from "../method.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { expectNoFullMatrix } from "../step.cases.ts";

function attach(specs: readonly ParameterSpec[], options: Partial<LoraOptions> = {}): Attachment {
  return lora.attach(specs, methodOptions(lora, { ...options }) as LoraOptions, random(0));
}
const everywhere = { target_modules: ["all-linear"] };

describe("counts: r · (in + out) for each matrix", () => {
  test.each<[string, readonly ParameterSpec[], Partial<LoraOptions>, number]>([
    ["RoBERTa-base, query and value", robertaBase, {}, 294_912],
    ["RoBERTa-base, all linears", robertaBase, everywhere, 1_327_104],
    ["RoBERTa-base, DoRA: a magnitude for each row", robertaBase, { use_dora: true }, 313_344],
    ["RoBERTa-base, rank 1", robertaBase, { rank: 1 }, 36_864],
    ["RoBERTa-base, PiSSA", robertaBase, { init_lora_weights: "pissa" }, 294_912],
    ["RoBERTa-base, one layer", robertaBase, { layers_to_transform: [11] }, 24_576],
    ["RoBERTa-large, query and value", robertaLarge, {}, 786_432],
    ["RoBERTa-large, all linears", robertaLarge, everywhere, 3_538_944],
  ])("%s", (_, specs, options, count) => expect(countOf(attach(specs, options))).toBe(count));

  test("the head comes on top, whole", () => expect(countOf(attach(robertaBase), true)).toBe(592_130));
});

test("DoRA together with PiSSA is refused", () => {
  expect(() => attach(robertaBase, { use_dora: true, init_lora_weights: "pissa" })).toThrow(
    "use_dora: not together with init_lora_weights pissa",
  );
});

describe("begins", () => {
  const value = "bert.encoder.layer.0.attention.self.value";
  const begun = async (options: Partial<LoraOptions>) => {
    const { weights } = await tinyModel("bert-classification", { method: "lora", options });
    const of = (suffix: string) => weights[`${value}.${suffix}`]!.data;
    return { a: of("lora_A.weight"), b: of("lora_B.weight"), of, weight: weights[`${value}.weight`]! };
  };

  test("with A uniform within ±1/√in and B zero", async () => {
    const { a, b } = await begun({});
    const largest = Math.max(...a.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(1 / 4);
    expect(largest).toBeGreaterThan(0.2);
    expect(b.every((x) => x === 0)).toBe(true);
  });

  test("with A normal, of deviation 1/r", async () => {
    const { a, b } = await begun({ init_lora_weights: "gaussian", rank: 8 });
    const deviation = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0) / a.length);
    expect(Math.abs(deviation - 1 / 8)).toBeLessThan(0.03);
    expect(b.every((x) => x === 0)).toBe(true);
  });

  test("with the weight's principal components: s·B·A is the weight where the rank is full", async () => {
    const { a, b, weight } = await begun({ init_lora_weights: "pissa", rank: 16, lora_alpha: 8 });
    weight.data.forEach((w, at) => {
      const [i, j] = [Math.floor(at / 16), at % 16];
      const product = Array.from({ length: 16 }, (_, k) => b[i * 16 + k]! * a[k * 16 + j]!).reduce((x, y) => x + y);
      expect(Math.abs((8 / 16) * product - w)).toBeLessThan(1e-6);
    });
  });

  test("with the norms of the weight's rows as magnitudes", async () => {
    const { of, weight } = await begun({ use_dora: true });
    of("lora_magnitude_vector").forEach((magnitude, i) => {
      const norm = Math.hypot(...weight.data.subarray(i * 16, (i + 1) * 16));
      expect(Math.abs(magnitude - norm)).toBeLessThan(1e-6);
    });
  });
});

test.each<Partial<LoraOptions>>([
  { ...everywhere, rank: 2 },
  { ...everywhere, rank: 2, use_dora: true },
  { ...everywhere, rank: 2, init_lora_weights: "pissa" },
  { ...everywhere, rank: 2, lora_dropout: 0.1 },
])("a step with %j forms no matrix of a weight's size", (options) => expectNoFullMatrix({ method: "lora", options }));
