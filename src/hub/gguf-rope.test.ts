import { expect, test } from "vitest";
import type { GgufValue } from "../formats/gguf.ts";
import { metadataOf } from "./gguf-metadata.ts";
import { ropeScaling } from "./gguf-rope.ts";

function scaling(values: Readonly<Record<string, GgufValue>>, rotaryFactors: Float32Array | null = null) {
  const metadata = metadataOf(new Map(Object.entries(values)), "x");
  return ropeScaling({ metadata, architecture: "qwen2", rotaryFactors, rotary: 8, theta: 10_000 });
}

test.each([
  [{}, null],
  [{ "qwen2.rope.scaling.type": "none" }, null],
  [
    { "qwen2.rope.scaling.type": "linear", "qwen2.rope.scaling.factor": 2 },
    { rope_type: "linear", factor: 2 },
  ],
  [
    {
      "qwen2.rope.scaling.type": "yarn",
      "qwen2.rope.scaling.factor": 4,
      "qwen2.rope.scaling.original_context_length": 32_768,
    },
    { rope_type: "yarn", factor: 4, original_max_position_embeddings: 32_768 },
  ],
])("%j is %j", (values, expected) => {
  expect(scaling(values)).toEqual(expected);
});

test.each([
  [
    { "qwen2.rope.scaling.type": "longrope" },
    'x: "qwen2.rope.scaling.type" is "longrope", expected none, linear or yarn',
  ],
  [{ "qwen2.rope.scaling.type": "yarn" }, 'x: "qwen2.rope.scaling.factor" is nothing, expected a number'],
])("%j is refused", (values, message) => {
  expect(() => scaling(values)).toThrow(new Error(message));
});

test.each([[[1, 1, 1]], [[1, 1, 1, 4, 4]], [[2, 2, 2, 2]]])("the divisors %j are not Llama 3's", (divisors) => {
  expect(() => scaling({}, Float32Array.from(divisors))).toThrow(
    /^x: rope_freqs\.weight: \d divisors that are not Llama 3's$/,
  );
});
