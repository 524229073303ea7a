/** The fields of config.json that say how positions turn queries and keys, in the spellings of transformers 4 and 5. */
import * as z from "zod";
import type { RotaryFrequencies } from "../nn/rotary.ts";
import { scaledFrequencies } from "../nn/rotary-scaling.ts";
import { parseConfig } from "./config.ts";

const positive = z.number().positive();
/** Of more than 1, so that each pair of numbers turns more slowly than the one before. */
const base = z.number().gt(1);
const perLayerType = z.undefined("frequencies of their own for layers of each type are not implemented").optional();

/** What stands beside the fields of a type. */
const common = {
  rope_theta: base.optional(),
  partial_rotary_factor: z.literal(1, "turning a part of each head is not implemented, expected 1").optional(),
  full_attention: perLayerType,
  sliding_attention: perLayerType,
};
const trained = { original_max_position_embeddings: z.int().positive().optional() };
const orElse = (fallback: number) => positive.nullish().transform((value) => value ?? fallback);
const optional = z
  .number()
  .nullish()
  .transform((value) => value ?? null);

const scalings = [
  z.object({ ...common, rope_type: z.literal("default") }),
  z.object({ ...common, rope_type: z.literal("linear"), factor: positive }),
  z.object({ ...common, rope_type: z.literal("dynamic"), factor: positive }),
  z
    .object({
      ...common,
      ...trained,
      rope_type: z.literal("llama3"),
      factor: positive,
      low_freq_factor: positive,
      high_freq_factor: positive,
    })
    .refine(({ low_freq_factor: low, high_freq_factor: high }) => low < high, {
      path: ["high_freq_factor"],
      error: "expected more than low_freq_factor",
    }),
  z.object({
    ...common,
    ...trained,
    rope_type: z.literal("yarn"),
    factor: positive.nullable(),
    attention_factor: positive.nullish().transform((value) => value ?? null),
    mscale: optional,
    mscale_all_dim: optional,
    beta_fast: orElse(32),
    beta_slow: orElse(1),
    truncate: z.boolean().default(true),
  }),
] as const;
const types = scalings.map(({ shape }) => shape.rope_type.value);

/** Older files call the type `type`. */
const scalingSchema = z.preprocess(
  (value) =>
    typeof value === "object" && value !== null
      ? { rope_type: "type" in value ? value.type : "default", ...value }
      : value,
  z.discriminatedUnion("rope_type", scalings, {
    error: (issue) => (issue.code === "invalid_union" ? `expected one of ${types.join(", ")}` : undefined),
  }),
);

const configSchema = z.object({
  max_position_embeddings: z.int().positive(),
  rope_theta: base.default(10_000),
  partial_rotary_factor: common.partial_rotary_factor,
  ...trained,
  rope_scaling: scalingSchema.nullish(),
  rope_parameters: scalingSchema.nullish(),
});

/**
 * The frequencies that a parsed config.json gives heads of `d` numbers; `rope_scaling`, of older files, goes before `rope_parameters`.
 * @throws Error in one line that names the field and `where`.
 */
export function rotaryFrequencies(json: unknown, where: string, d: number): RotaryFrequencies {
  const config = parseConfig(configSchema, json, where);
  const scaling = config.rope_scaling ?? config.rope_parameters ?? { rope_type: "default" as const };
  if (scaling.rope_type === "dynamic" && d <= 2)
    throw new Error(`${where}: head_dim: ${d}, expected more where rotary frequencies are dynamic`);
  const maxPositions = config.max_position_embeddings;
  const ofScaling =
    "original_max_position_embeddings" in scaling ? scaling.original_max_position_embeddings : undefined;
  const originalPositions = config.original_max_position_embeddings ?? ofScaling ?? maxPositions;
  return scaledFrequencies(scaling, {
    d,
    base: scaling.rope_theta ?? config.rope_theta,
    maxPositions,
    originalPositions,
  });
}
