/** Which parameters are stored in few bits, and how. */
import { describe, expect, test } from "vitest";
import { wideAttachment } from "../../test/tiny-stored.ts";
import { tinyAttachment, type TinyOptions } from "../../test/tiny-training.ts";
import { int4 } from "./int4.ts";
import { int8, int8Twice, int8WeightsOnly } from "./int8.ts";
import { quantizations, schemeOf, type Quantization } from "./registry.ts";

/** The names of the parameters that are stored. */
function storedOf(model: string, quantization: Quantization, options: TinyOptions = {}): string[] {
  const attached = wideAttachment(model, options);
  const scheme = schemeOf(quantization, attached.model, attached.attachment);
  return attached.specs.filter((spec) => scheme(spec) !== null).map(({ name }) => name);
}

/** The names of the matrices of the body. */
const matricesOf = (model: string, options: TinyOptions = {}) =>
  wideAttachment(model, options)
    .specs.filter(({ shape, head }) => shape.length === 2 && !head)
    .map(({ name }) => name);

test("none stores nothing", () => expect(storedOf("bert-classification", "none")).toEqual([]));

describe.each(quantizations.filter((name) => name !== "none"))("%s", (quantization) => {
  test.each<[string, TinyOptions]>([
    ["rows", { options: { update: "row" } }],
    ["columns", { options: { update: "both" } }],
    ["entries", { options: { update: "entries" } }],
    ["LoRA", { method: "lora" }],
    ["biases", { method: "bitfit" }],
    ["the head", { method: "head" }],
    ["fish_mask", { method: "fish_mask", options: { density: 0.1, head_in_budget: false, mask: "random" } }],
  ])("stores all matrices of the body under %s", (_, options) => {
    expect(storedOf("bert-classification", quantization, options)).toEqual(matricesOf("bert-classification"));
  });

  test("stores nothing that is trained whole", () => {
    expect(storedOf("bert-classification", quantization, { method: "full" })).toEqual([]);
  });

  test("stores nothing whose trained entries move", () => {
    const options = { method: "sft", options: { density: 0.1 } };
    const moving = wideAttachment("bert-classification", options).attachment.trained.filter(({ moves }) => moves);
    const names = new Set(moving.map(({ parameter }) => parameter.name));
    expect(names.size).toBeGreaterThan(0);
    const rest = matricesOf("bert-classification").filter((name) => !names.has(name));
    expect(storedOf("bert-classification", quantization, options)).toEqual(rest);
  });

  test("stores the head of a language model, which is pretrained, and no other", () => {
    expect(storedOf("llama-classification", quantization, { head: "causal-language-model" })).toContain(
      "lm_head.weight",
    );
    expect(storedOf("llama-classification", quantization)).not.toContain("score.weight");
  });
});

test("rows that are no whole blocks stay float32 in 4 bits", () => {
  const { model, attachment, specs } = tinyAttachment("bert-classification");
  const scheme = schemeOf("int4", model, attachment);
  expect(specs.filter((spec) => scheme(spec))).toEqual([]);
});

test("encoders multiply integers once, decoders twice", () => {
  const schemeIn = (quantization: Quantization, name: string) => {
    const { model, attachment, specs } = wideAttachment(name);
    return schemeOf(
      quantization,
      model,
      attachment,
    )(specs.find(({ role, block }) => role === "linear" && block === 0)!);
  };
  for (const name of ["bert", "roberta", "deberta-v2"]) expect(schemeIn("int8", `${name}-classification`)).toBe(int8);
  for (const name of ["llama", "gpt2", "bloom"]) expect(schemeIn("int8", `${name}-classification`)).toBe(int8Twice);
  for (const name of ["bert", "llama"]) expect(schemeIn("int4", `${name}-classification`)).toBe(int4);
});

test.each([
  ["bert-classification", "masked-language-model", int8],
  ["gpt2-classification", "causal-language-model", int8WeightsOnly],
  ["llama-classification", "causal-language-model", int8WeightsOnly],
] as const)("%s, %s: its tables of words are multiplied as they should be", (name, head, expected) => {
  const { model, attachment, specs } = wideAttachment(name, { head });
  const scheme = schemeOf("int8", model, attachment);
  const tables = specs.filter(({ shape }) => shape.length === 2 && shape[0] === model.vocabularySize);
  expect(tables.length).toBeGreaterThan(0);
  for (const table of tables) expect(scheme(table)).toBe(expected);
});
