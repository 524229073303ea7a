import { describe, expect, test } from "vitest";
import { tinyAttachment, tinyModel } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import { random } from "../../tensor/random.ts";
import { mergedWeights } from "../../train/merge.ts";
import type { Attachment } from "../method.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { expectNoFullMatrix } from "../step.cases.ts";
import { vera, type VeraOptions } from "./vera.ts";

function attach(specs: readonly ParameterSpec[], options: Partial<VeraOptions> = {}): Attachment {
  return vera.attach(specs, methodOptions(vera, { ...options }) as VeraOptions, random(0));
}

describe("counts: out + r for each matrix", () => {
  test.each<[string, readonly ParameterSpec[], Partial<VeraOptions>, number]>([
    ["RoBERTa-base", robertaBase, {}, 24_576],
    ["RoBERTa-large", robertaLarge, {}, 61_440],
    ["RoBERTa-base, rank 1024", robertaBase, { rank: 1024 }, 43_008],
    ["RoBERTa-large, rank 1024", robertaLarge, { rank: 1024 }, 98_304],
  ])("%s", (_, specs, options, count) => expect(countOf(attach(specs, options))).toBe(count));

  test("the head comes on top, whole", () => expect(countOf(attach(robertaBase), true)).toBe(592_130));
});

const everywhere = { rank: 3, d_initial: 0.5, target_modules: ["all-linear"] };

test("the shared matrices are as large as the largest module needs them, and frozen", () => {
  const { added } = attach(tinyAttachment("bert-classification").specs, everywhere);
  const shared = added.filter(({ of }) => of === null).map(({ name, shape, trained }) => [name, shape, trained]);
  expect(shared).toEqual([
    ["vera_A", [3, 28], false],
    ["vera_B", [28, 3], false],
  ]);
});

test("each module adds diag(b)·B·diag(d)·A of the part of the matrices that is its own", async () => {
  const adapted = await tinyModel("bert-classification", { method: "vera", options: everywhere });
  const { weights } = adapted;
  const { normal } = random(1);
  for (const { name, view } of adapted.trained)
    if (name.endsWith("vera_lambda_b")) view.data.forEach((_, i) => (view.data[i] = normal()));
  const merged = await mergedWeights(adapted, await nativeRuntime({ threads: 1 }));
  const [a, b] = [weights["vera_A"]!.data, weights["vera_B"]!.data];
  for (const module of adapted.attachment.targets) {
    const { shape, data } = weights[`${module}.weight`]!;
    const [out, inner] = shape as [number, number];
    const [ofB, ofD] = ["b", "d"].map((of) => weights[`${module}.vera_lambda_${of}`]!.data);
    expect([...ofD!]).toEqual([0.5, 0.5, 0.5]);
    for (let at = 0; at < out * inner; at++) {
      const [i, j] = [Math.floor(at / inner), at % inner];
      const sum = [0, 1, 2].reduce((total, k) => total + b[i * 3 + k]! * ofD![k]! * a[k * 28 + j]!, 0);
      expect(Math.abs(merged[`${module}.weight`]!.data[at]! - data[at]! - ofB![i]! * sum)).toBeLessThan(1e-5);
    }
  }
});

test("the shared matrices begin uniform, within the root of 6 over what they sum over", async () => {
  const { weights } = await tinyModel("bert-classification", { method: "vera", options: { rank: 64 } });
  for (const [name, summed] of [
    ["vera_A", 16],
    ["vera_B", 64],
  ] as const) {
    const [bound, largest] = [Math.sqrt(6 / summed), Math.max(...weights[name]!.data.map(Math.abs))];
    expect([largest <= bound, largest > 0.98 * bound], name).toEqual([true, true]);
  }
});

test.each<Partial<VeraOptions>>([everywhere, { ...everywhere, vera_dropout: 0.1 }])(
  "a step with %j forms no matrix of a weight's size",
  (options) => expectNoFullMatrix({ method: "vera", options }),
);
