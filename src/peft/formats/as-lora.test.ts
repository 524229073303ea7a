import { describe, expect, test } from "vitest";
import { worstDifference } from "../../../test/draw.ts";
import { fixtureModel } from "../../../test/fixtures.ts";
import { tinyModel } from "../../../test/tiny-training.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import { random } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type AdaptedModel, adapterTensors, commit } from "../../train/adapt.ts";
import { mergedWeights } from "../../train/merge.ts";
import type { LoraOptions } from "../methods/lora.ts";
import { methodOf, methodOptions } from "../registry.ts";
import { asLora } from "./as-lora.ts";
import type { Adapter, BaseModel } from "./format.ts";

const runtime = await nativeRuntime({ threads: 1 });
const fixture = "bert-classification";
const { model, config } = fixtureModel(fixture);

/** A model whose trained numbers have all moved by about 0.1. */
async function trained(method: string, options: Readonly<Record<string, unknown>>): Promise<AdaptedModel> {
  const adapted = await tinyModel(fixture, { method, options });
  const { normal } = random(1, method);
  for (const { view } of adapted.trained) for (const i of view.data.keys()) view.data[i]! += 0.1 * normal();
  commit(adapted);
  return adapted;
}

/** The model as it was before training, which changes weights in place. */
const base = async (): Promise<BaseModel> => {
  const { specs, weights } = await tinyModel(fixture, { method: "head" });
  return { specs, weights, basePrefix: model.basePrefix, config };
};

const adapterOf = (adapted: AdaptedModel, method: string, options: Readonly<Record<string, unknown>>): Adapter => ({
  method,
  options: methodOptions(methodOf(method), options),
  tensors: adapterTensors(adapted),
});

/** W + scale·B·A in float64. */
function withProduct(
  weight: Tensor<"float32">,
  a: Tensor<"float32">,
  b: Tensor<"float32">,
  scale: number,
): Float32Array {
  const [r, inner] = a.shape as [number, number];
  return weight.data.map((w, at) => {
    const [i, j] = [Math.floor(at / inner), at % inner];
    let sum = 0;
    for (let k = 0; k < r; k++) sum += b.data[i * r + k]! * a.data[k * inner + j]!;
    return w + scale * sum;
  });
}

const variants: readonly (readonly [method: string, options: Readonly<Record<string, unknown>>, rank: number])[] = [
  ["rocoft", { rank: 3, select: "random" }, 3],
  ["rocoft", { update: "column", rank: 2, select: "last" }, 2],
  ["rocoft", { update: "both", rank: 2, select: "uniform" }, 4],
  ["rocoft", { update: "both", rank: 16, target_modules: ["query"] }, 32],
  ["lora_xs", { rank: 4, lora_alpha: 6 }, 4],
];

describe.each(variants)("%s %j", (method, options, rank) => {
  test("is LoRA with the same weights", async () => {
    const adapted = await trained(method, options);
    const before = await base();
    const lora = asLora(adapterOf(adapted, method, options), before);
    const { rank: r, lora_alpha: alpha, target_modules: targets } = lora.options as LoraOptions;
    expect(r).toBe(rank);
    expect(targets).toEqual(adapted.attachment.targets);
    const after = await mergedWeights(adapted, runtime);
    const part = (name: string) => lora.tensors.find((tensor) => tensor.name === name)!.values;
    for (const module of adapted.attachment.targets) {
      const weight = before.weights[`${module}.weight`]!;
      const [a, b] = [part(`${module}.lora_A.weight`), part(`${module}.lora_B.weight`)];
      const sum = withProduct(weight, a, b, alpha / r);
      expect(worstDifference(sum, after[`${module}.weight`]!.data), module).toBeLessThan(1e-6);
    }
  });

  test("keeps the head as it is", async () => {
    const adapted = await trained(method, options);
    const own = adapterOf(adapted, method, options);
    const heads = new Set(adapted.specs.filter(({ head }) => head).map(({ name }) => name));
    const ofHead = ({ tensors }: Adapter) => tensors.filter(({ name }) => heads.has(name));
    expect(ofHead(asLora(own, await base()))).toEqual(ofHead(own));
  });
});

describe("what is no LoRA", () => {
  test.each<readonly [method: string, options: Readonly<Record<string, unknown>>, message: string | RegExp]>([
    ["rocoft", { train_bias: true }, /^bert\.\S+\.bias: is trained beside the rows, and LoRA has no place for it$/],
    [
      "rocoft",
      { update: "entries" },
      "update: entries; single entries are no product of small matrices, expected rows or columns",
    ],
    ["bitfit", {}, "bitfit: is no LoRA in other words, expected one of lora, rocoft, lora_xs"],
  ])("%s %j", async (method, options, message) => {
    const adapted = await tinyModel(fixture, { method, options });
    const before = await base();
    expect(() => asLora(adapterOf(adapted, method, options), before)).toThrow(
      typeof message === "string" ? new Error(message) : message,
    );
  });

  test("a LoRA is one as it is", async () => {
    const adapter = adapterOf(await tinyModel(fixture, { method: "lora" }), "lora", {});
    expect(asLora(adapter, await base())).toBe(adapter);
  });
});
