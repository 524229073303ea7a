import { describe, expect, test } from "vitest";
import { readJson } from "../../test/fixtures.ts";
import { input } from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { rotation } from "../nn/rotary.ts";
import { rotaryFrequencies } from "./rope.ts";

interface Case {
  readonly name: string;
  readonly config: { readonly head_dim: number; readonly max_position_embeddings: number };
  readonly length: number;
  readonly inverse: readonly number[];
  readonly attention_factor: number;
}

const where = "model/config.json";
const cases = readJson<Case[]>("rotary.json");
const { config } = cases[0]!;

test.each(cases)("$name: transformers' frequencies", ({ config, length, inverse, attention_factor: factor }) => {
  const frequencies = rotaryFrequencies(config, where, config.head_dim);
  const { cos, sin } = rotation(input("positions", [1, 1], "int64"), frequencies, input("length", []));
  const [x, y] = interpret([cos, sin], { positions: array64([1, 1], [1]), length: array64([], [length]) });
  expect(x!.data.length).toBe(inverse.length);
  inverse.forEach((expected, i) => {
    const [across, along] = [y!.data[i]!, x!.data[i]!];
    expect(Math.abs(Math.atan2(across, along) / expected - 1)).toBeLessThan(2e-7);
    expect(Math.hypot(across, along)).toBeCloseTo(factor, 7);
  });
});

describe("config.json", () => {
  test("the scaling of older files goes before the other, a base inside before one outside", () => {
    const read = (fields: object) => rotaryFrequencies({ ...config, ...fields }, where, 8).inverse;
    const inside = { rope_type: "linear", factor: 2, rope_theta: 500 };
    const outside = { rope_theta: 7, rope_parameters: { rope_type: "default" } };
    expect(read({ ...outside, rope_scaling: inside })).toEqual(read({ rope_parameters: inside }));
    expect(read(outside)).toEqual(read({ rope_parameters: { rope_theta: 7 } }));
    expect(read({ rope_scaling: null })).toEqual(read({}));
  });

  test.each<[object, string]>([
    [
      { rope_scaling: { type: "longrope", factor: 2 } },
      "rope_scaling.rope_type: expected one of default, linear, dynamic, llama3, yarn",
    ],
    [
      { rope_scaling: { rope_type: "linear" } },
      "rope_scaling.factor: Invalid input: expected number, received undefined",
    ],
    [{ rope_scaling: { rope_type: "linear", factor: 0 } }, "rope_scaling.factor: Too small: expected number to be >0"],
    [
      { rope_parameters: { rope_type: "yarn", factor: "4" } },
      "rope_parameters.factor: Invalid input: expected number, received string",
    ],
    [{ rope_parameters: "linear" }, "rope_parameters: Invalid input: expected object, received string"],
    [
      { rope_parameters: { full_attention: { rope_type: "default" } } },
      "rope_parameters.full_attention: frequencies of their own for layers of each type are not implemented",
    ],
    [
      { rope_parameters: { partial_rotary_factor: 0.5 } },
      "rope_parameters.partial_rotary_factor: turning a part of each head is not implemented, expected 1",
    ],
    [
      { partial_rotary_factor: 0.5 },
      "partial_rotary_factor: turning a part of each head is not implemented, expected 1",
    ],
    [
      { rope_scaling: { type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 4 } },
      "rope_scaling.high_freq_factor: expected more than low_freq_factor",
    ],
    [{ rope_theta: 1 }, "rope_theta: Too small: expected number to be >1"],
    [
      { head_dim: 2, rope_scaling: { type: "dynamic", factor: 2 } },
      "head_dim: 2, expected more where rotary frequencies are dynamic",
    ],
  ])("%j is an error in one line", (fields, message) => {
    const complete = { ...config, ...fields };
    expect(() => rotaryFrequencies(complete, where, complete.head_dim)).toThrow(new Error(`${where}: ${message}`));
  });
});
