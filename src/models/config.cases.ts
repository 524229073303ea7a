/** What every family must say of a config.json that does not fit: its own test file calls this with a sound one. */
import { describe, expect, test } from "vitest";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { declareParameters, type ParameterSpec } from "../nn/parameters.ts";
import { modelInputs } from "../train/forward.ts";
import type { HeadName, Model } from "./architecture.ts";
import { modelOf } from "./registry.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function specsOf(model: Model, head: HeadName, labels = 2): ParameterSpec[] {
  const inputs = modelInputs();
  return declareParameters((scope) => model.heads[head]!.forward(scope, model.body(scope, inputs), { labels, inputs }));
}

const shapesOf = (model: Model) =>
  Object.fromEntries(specsOf(model, "sequence-classification").map(({ name, shape }) => [name, shape]));

const wrong: readonly [field: string, value: unknown, complaint: string][] = [
  ["hidden_act", "toString", "hidden_act: unknown activation"],
  ["num_attention_heads", 7, "num_attention_heads: expected a divisor of hidden_size"],
  ["vocab_size", undefined, "expected number, received undefined"],
  ["hidden_size", "768", "expected number, received string"],
  ["hidden_size", 12.5, "expected int, received number"],
  ["num_hidden_layers", 0, "Too small: expected number to be >0"],
  ["num_attention_heads", -2, "Too small: expected number to be >0"],
  ["intermediate_size", null, "expected number, received null"],
  ["max_position_embeddings", undefined, "expected number, received undefined"],
  ["type_vocab_size", -1, "Too small: expected number to be >=0"],
  ["layer_norm_eps", 0, "Too small: expected number to be >0"],
  ["hidden_act", "swiglu", 'unknown activation "swiglu", expected one of gelu, gelu_new, '],
  ["position_embedding_type", "relative_key", 'expected "absolute"'],
  ["is_decoder", true, "expected false"],
];

export function configSuite(config: Fields): void {
  const where = "model/config.json";

  describe("config.json", () => {
    test.each(wrong)("%s: %j is an error in one line", (field, value, complaint) => {
      let message = "";
      try {
        modelOf({ ...config, [field]: value }, where);
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message.startsWith(`${where}: ${field}: `), message).toBe(true);
      expect(message).toContain(complaint);
      expect(message).not.toContain("\n");
    });

    test("leaves out what has a default, and may hold what is not read", () => {
      const { hidden_act: _, layer_norm_eps: __, type_vocab_size: ___, ...rest } = config;
      const model = modelOf({ ...rest, position_embedding_type: "absolute", unheard_of: [1] }, where);
      expect(shapesOf(model)).toHaveProperty(`${model.basePrefix}.embeddings.token_type_embeddings.weight`, [
        2,
        config["hidden_size"],
      ]);
    });

    test.each([
      [0, null],
      [1, [1, config["hidden_size"]]],
      [5, [5, config["hidden_size"]]],
    ])("%i kinds of segment", (kinds, shape) => {
      const model = modelOf({ ...config, type_vocab_size: kinds }, where);
      const shapes = shapesOf(model);
      expect(shapes[`${model.basePrefix}.embeddings.token_type_embeddings.weight`] ?? null).toEqual(shape);
      expect(model.segments).toBe(kinds);
      const inputs = modelInputs();
      let hidden: Value | null = null;
      declareParameters((scope) => (hidden = model.body(scope, inputs)));
      expect(topological([hidden!]).includes(inputs.token_type_ids)).toBe(kinds > 1);
    });
  });
}
