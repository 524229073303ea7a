import { describe, expect, test } from "vitest";
import { tinyAttachment, tinyModel } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { loraXs, type LoraXsOptions } from "./lora-xs.ts";
import type { Attachment } from "../method.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { expectNoFullMatrix } from "../step.cases.ts";

function attach(specs: readonly ParameterSpec[], options: Partial<LoraXsOptions> = {}): Attachment {
  return loraXs.attach(specs, methodOptions(loraXs, { ...options }) as LoraXsOptions, random(0));
}
const everywhere = { target_modules: ["all-linear"] };

describe("counts: r² for each matrix", () => {
  test.each<[string, readonly ParameterSpec[], Partial<LoraXsOptions>, number]>([
    ["RoBERTa-base", robertaBase, {}, 12_288],
    ["RoBERTa-large", robertaLarge, {}, 24_576],
    ["RoBERTa-large, rank 25", robertaLarge, { rank: 25 }, 60_000],
    ["RoBERTa-base, all linears", robertaBase, everywhere, 18_432],
    ["RoBERTa-large, all linears", robertaLarge, everywhere, 36_864],
  ])("%s", (_, specs, options, count) => expect(countOf(attach(specs, options))).toBe(count));

  test("the head comes on top, whole", () => expect(countOf(attach(robertaBase), true)).toBe(592_130));
});

const { specs } = tinyAttachment("bert-classification");

test("a rank above what a matrix has is refused in one line", () => {
  expect(() => attach(specs, { rank: 17 })).toThrow(
    new Error("rank: 17 is above the 16 singular values of bert.encoder.layer.0.attention.self.query.weight [16, 16]"),
  );
});

test("begins with B's columns orthonormal, B·A the weight itself where the rank is full, and R small", async () => {
  const { weights } = await tinyModel("bert-classification", {
    method: "lora_xs",
    options: { ...everywhere, rank: 16 },
  });
  for (const module of ["attention.self.value", "intermediate.dense", "output.dense"]) {
    const of = (suffix: string) => weights[`bert.encoder.layer.1.${module}.${suffix}`]!;
    const [a, b, r] = ["lora_A", "lora_B", "lora_latent_mapping"].map((name) => of(`${name}.weight`).data);
    const { shape, data } = of("weight");
    const [out, inner] = shape as [number, number];
    const over = (n: number, term: (k: number) => number) =>
      Array.from({ length: n }, (_, k) => term(k)).reduce((x, y) => x + y);
    for (let k = 0; k < 16; k++)
      for (let l = 0; l < 16; l++) {
        const product = over(out, (i) => b![i * 16 + k]! * b![i * 16 + l]!);
        expect(Math.abs(product - Number(k === l))).toBeLessThan(1e-5);
      }
    data.forEach((w, at) => {
      const [i, j] = [Math.floor(at / inner), at % inner];
      expect(Math.abs(over(16, (k) => b![i * 16 + k]! * a![k * inner + j]!) - w)).toBeLessThan(1e-5);
    });
    expect(Math.sqrt(over(256, (k) => r![k]! ** 2) / 256) / 1e-5).toBeCloseTo(1, 0);
  }
});

test.each<Partial<LoraXsOptions>>([
  { ...everywhere, rank: 2 },
  { ...everywhere, rank: 2, lora_dropout: 0.1 },
])("a step with %j forms no matrix of a weight's size", (options) =>
  expectNoFullMatrix({ method: "lora_xs", options }),
);
