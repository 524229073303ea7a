/** Adapters in peft's format: what peft wrote does here what it does there, and what is written here is as peft writes it. */
import { describe, expect, test } from "vitest";
import type { PeftFiles } from "../src/peft/formats/format.ts";
import { readPeft, writePeft } from "../src/peft/formats/peft.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { random } from "../src/tensor/random.ts";
import { adapt, adapterTensors } from "../src/train/adapt.ts";
import { worstDifference } from "./draw.ts";
import { readJson, readTensors } from "./fixtures.ts";
import { baseOf, evaluate, foreignCases, logitsOf } from "./foreign-adapters.ts";

const cases = foreignCases("peft");

/** Cases whose files come back otherwise than peft wrote them, and are the same adapter. */
const rewritten = ["lora-pissa", "lora-patterns", "lora-bias", "p_tuning", "p_tuning-lstm", "prefix_tuning-projection"];

const filesOf = (name: string, model: string): PeftFiles => ({
  config: readJson("peft", name, model, "adapter_config.json"),
  tensors: readTensors("peft", name, model, "adapter_model.safetensors"),
});

const origin = (name: string) => ({ base_model_name_or_path: name, revision: null, task_type: "SEQ_CLS" });

describe.each(cases)("$name on $model", ({ name, model }) => {
  const files = filesOf(name, model);
  const expected = readTensors("peft", name, model, "expected.safetensors");
  const logits = expected.get("logits")!.data as Float32Array;

  test("read here, it gives the logits that it gives there", async () => {
    const plain = readTensors("models", model, "expected.safetensors").get("logits")!.data as Float32Array;
    expect(worstDifference(logits, plain)).toBeGreaterThan(0.05);
    const adapter = readPeft(files, await baseOf(model));
    expect(worstDifference(await logitsOf(model, adapter, expected), logits)).toBeLessThan(1e-4);
  });

  test.skipIf(rewritten.includes(name))("written again, it is what peft wrote", async () => {
    const base = await baseOf(model);
    const { config, tensors } = await writePeft(readPeft(files, base), base, origin(model), evaluate);
    expect(comparable(config)).toEqual(comparable(files.config));
    expect([...tensors.keys()].toSorted()).toEqual([...files.tensors.keys()].toSorted());
    for (const [key, { dtype, shape, data }] of files.tensors) {
      const written = tensors.get(key)!;
      expect([written.dtype, written.shape], key).toEqual([dtype, shape]);
      expect(worstDifference(written.data as Float32Array, data as Float32Array), key).toBeLessThan(1e-6);
    }
  });
});

/** Options by which a method begins as peft's did; of AdaLoRA, whose singular values begin at zero, nothing would be written. */
const begun: Readonly<Record<string, readonly [method: string, options: Readonly<Record<string, unknown>>]>> = {
  lora: ["lora", { rank: 4, lora_alpha: 6 }],
  "lora-rslora": [
    "lora",
    { rank: 3, lora_alpha: 5, lora_dropout: 0.1, use_rslora: true, target_modules: ["all-linear"] },
  ],
  "lora-dora": ["lora", { rank: 2, lora_alpha: 4, use_dora: true, target_modules: ["query", "output.dense"] }],
  "conv1d-lora-dora": ["lora", { rank: 2, lora_alpha: 4, use_dora: true, target_modules: ["all-linear"] }],
  "conv1d-vera": ["vera", { rank: 6, target_modules: ["all-linear"] }],
  "conv1d-ia3": ["ia3", {}],
  vera: [
    "vera",
    { rank: 6, target_modules: ["query", "attention.output.dense", "intermediate.dense", "output.dense"] },
  ],
  ia3: ["ia3", { target_modules: ["key", "value", "output.dense"], feedforward_modules: ["output.dense"] }],
  ln_tuning: ["ln_tuning", {}],
  shira: ["shira", { rank: 2 }],
  prompt_tuning: ["prompt_tuning", { num_virtual_tokens: 3 }],
  p_tuning: ["p_tuning", { num_virtual_tokens: 3, encoder_hidden_size: 8 }],
  "p_tuning-lstm": [
    "p_tuning",
    {
      num_virtual_tokens: 2,
      encoder_hidden_size: 6,
      encoder_reparameterization_type: "LSTM",
      encoder_num_layers: 1,
    },
  ],
  prefix_tuning: ["prefix_tuning", { num_virtual_tokens: 3 }],
  "prefix_tuning-projection": [
    "prefix_tuning",
    { num_virtual_tokens: 2, encoder_hidden_size: 6, prefix_projection: true },
  ],
};

describe.each(cases.filter(({ name }) => name in begun))("$name begun here on $model", ({ name, model }) => {
  test("has the keys, shapes and fields that peft writes", async () => {
    const [method, given] = begun[name]!;
    const base = await baseOf(model);
    const options = methodOptions(methodOf(method), given);
    const adapted = adapt({ ...base, attachment: methodOf(method).attach(base.specs, options, random(0)) });
    const adapter = { method, options, tensors: adapterTensors(adapted) };
    const { config, tensors } = await writePeft(adapter, await baseOf(model), origin(model), evaluate);
    const files = filesOf(name, model);
    expect(comparable(config)).toEqual(comparable(files.config));
    const shapes = (all: PeftFiles["tensors"]) =>
      Object.fromEntries([...all].map(([key, { dtype, shape }]) => [key, [dtype, ...shape]]));
    expect(shapes(tensors)).toEqual(shapes(files.tensors));
  });
});

describe("PiSSA", () => {
  test("is written as LoRA of twice the rank, which changes nothing at the start", async () => {
    const base = await baseOf("bert-classification");
    const options = methodOptions(methodOf("lora"), { rank: 3, lora_alpha: 2, init_lora_weights: "pissa" });
    const adapted = adapt({ ...base, attachment: methodOf("lora").attach(base.specs, options, random(0)) });
    const adapter = { method: "lora", options, tensors: adapterTensors(adapted) };
    const files = await writePeft(adapter, base, origin("bert-classification"), evaluate);
    expect(files.config).toMatchObject({ r: 6, lora_alpha: 4, init_lora_weights: true });
    const query = "base_model.model.bert.encoder.layer.0.attention.self.query";
    expect(files.tensors.get(`${query}.lora_A.weight`)!.shape).toEqual([6, 16]);
    expect(files.tensors.get(`${query}.lora_B.weight`)!.shape).toEqual([16, 6]);
    const expected = readTensors("models", "bert-classification", "expected.safetensors");
    const logits = await logitsOf("bert-classification", readPeft(files, base), expected);
    expect(worstDifference(logits, expected.get("logits")!.data as Float32Array)).toBeLessThan(1e-5);
  });
});

test("SHiRA has no form for matrices that checkpoints hold as [in, out]", async () => {
  const base = await baseOf("gpt2-classification");
  const options = methodOptions(methodOf("shira"), { rank: 2 });
  const adapted = adapt({ ...base, attachment: methodOf("shira").attach(base.specs, options, random(0)) });
  const adapter = { method: "shira", options, tensors: adapterTensors(adapted) };
  await expect(writePeft(adapter, base, origin("gpt2-classification"), evaluate)).rejects.toThrow(
    /^transformer\.h\.0\.attn\.c_attn\.weight: is \[in, out\] in checkpoints, and peft's SHIRA knows only \[out, in\]$/,
  );
});

describe("ranks and scales of their own", () => {
  test("become the largest rank and one scale", async () => {
    const { options, tensors } = readPeft(
      filesOf("lora-patterns", "roberta-classification"),
      await baseOf("roberta-classification"),
    );
    expect(options).toMatchObject({ rank: 5, lora_alpha: 4 });
    const ranks = tensors.filter(({ name }) => name.endsWith("lora_A.weight")).map(({ values }) => values.shape[0]);
    expect(new Set(ranks)).toEqual(new Set([5]));
  });
});

/** A configuration without the order of names, which is arbitrary in peft. */
function comparable(config: PeftFiles["config"]): object {
  const sorted = (value: unknown) => (Array.isArray(value) ? [...new Set(value as string[])].toSorted() : value);
  const names = ["modules_to_save", "target_modules", "feedforward_modules"].filter((field) => field in config);
  return { ...config, ...Object.fromEntries(names.map((field) => [field, sorted(config[field])])) };
}
