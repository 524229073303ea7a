import { describe, expect, test } from "vitest";
import { tinyAttachment } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { ia3, type Ia3Options } from "./ia3.ts";
import type { Attachment } from "../method.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { expectNoFullMatrix } from "../step.cases.ts";

function attach(specs: readonly ParameterSpec[], options: Partial<Ia3Options> = {}): Attachment {
  return ia3.attach(specs, methodOptions(ia3, { ...options }) as Ia3Options, random(0));
}
/** The targets that peft has for RoBERTa, where the end of a name fits the output of the attention, too. */
const ofPeft = { target_modules: ["key", "value", "output.dense"], feedforward_modules: ["output.dense"] };

describe("counts: a number for each output or input", () => {
  test.each<[string, readonly ParameterSpec[], Partial<Ia3Options>, number]>([
    ["RoBERTa-base, as in the paper", robertaBase, {}, 55_296],
    ["RoBERTa-large, as in the paper", robertaLarge, {}, 147_456],
    ["RoBERTa-base, as in peft", robertaBase, ofPeft, 64_512],
    ["RoBERTa-large, as in peft", robertaLarge, ofPeft, 172_032],
    ["RoBERTa-base, outputs alone", robertaBase, { feedforward_modules: [] }, 3 * 12 * 768],
    ["RoBERTa-base, one layer", robertaBase, { layers_to_transform: [3] }, 768 + 768 + 3072],
  ])("%s", (_, specs, options, count) => expect(countOf(attach(specs, options))).toBe(count));

  test("the head comes on top, whole", () => expect(countOf(attach(robertaBase), true)).toBe(592_130));
});

const { specs } = tinyAttachment("bert-classification");
const shapesOf = (options: Partial<Ia3Options>) =>
  attach(specs, { ...options, layers_to_transform: [0] }).added.map(({ name, shape }) => [
    name.replace("bert.encoder.layer.0.", ""),
    shape,
  ]);

test("scales the output of keys and values, and the input of the feed-forward network's second matrix", () => {
  expect(shapesOf({})).toEqual([
    ["attention.self.key.ia3_l", [16, 1]],
    ["attention.self.value.ia3_l", [16, 1]],
    ["output.dense.ia3_l", [1, 28]],
  ]);
});

test("scales the input of the modules that are said to be of the feed-forward network", () => {
  expect(
    shapesOf({ target_modules: ["query", "output.dense"], feedforward_modules: ["query", "0.output.dense"] }),
  ).toEqual([
    ["attention.self.query.ia3_l", [1, 16]],
    ["attention.output.dense.ia3_l", [16, 1]],
    ["output.dense.ia3_l", [1, 28]],
  ]);
});

test("a name in feedforward_modules that is no target's is refused in one line", () => {
  expect(() => attach(specs, { target_modules: ["key"], feedforward_modules: ["value"] })).toThrow(
    new Error('feedforward_modules: no module is called "value", expected one of attention.self.key, self.key, key'),
  );
});

test.each<Partial<Ia3Options>>([{}, { target_modules: ["all-linear"] }, { feedforward_modules: [] }])(
  "a step with %j forms no matrix of a weight's size",
  (options) => expectNoFullMatrix({ method: "ia3", options }),
);
