/** What the low-rank methods share: a module's weight gets a matrix added that is a product of small ones. */
import * as z from "zod";
import { add, matmul, mul } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { dropout } from "../nn/dropout.ts";
import type { Initializer, ParameterSpec, ParameterTable, Weights } from "../nn/parameters.ts";
import { type TruncatedSvd, truncatedSvd } from "../tensor/svd.ts";
import type { AddedTensor, Attachment, Mode, Optimization } from "./method.ts";
import type { LinearModule, Place } from "./targets.ts";

/** Where LoRA is applied unless told otherwise, as in its paper and in peft. */
export const loraPlaces: readonly Place[] = ["query", "value", "fused"];

export const rankOption = (fallback: number): z.ZodType<number> =>
  z.int().positive().default(fallback).describe("rank of the matrices that are added");
export const alphaOption = (fallback: number): z.ZodType<number> =>
  z.number().positive().default(fallback).describe("scale of what is added: alpha / r");
export const dropoutOption: z.ZodType<number> = z
  .number()
  .min(0)
  .lt(1)
  .default(0)
  .describe("share of what the added path reads that is dropped in training");

/** A tensor that a method adds to a module. */
export function addedTo(
  { name: module, weight }: LinearModule,
  suffix: string,
  shape: readonly number[],
  begins: Initializer | ((weights: Weights) => Float32Array),
  more: { readonly trained?: boolean; readonly optimization?: Optimization } = {},
): AddedTensor {
  return {
    name: `${module}.${suffix}`,
    of: weight.name,
    shape,
    role: "linear",
    block: weight.block,
    head: false,
    trained: true,
    ...(typeof begins === "function" ? { initializer: "zeros", initial: begins } : { initializer: begins }),
    ...more,
  };
}

/** Something for each of the factors of a matrix [out, in]: left [out, r] and right [r, in]. */
export type OfFactors<T> = { readonly left: T; readonly right: T };

/**
 * How U·diag(left(S)) and diag(right(S))·Vᵀ follow from a weight, S its r largest singular values.
 * @throws Error in one line when the weight has fewer
 */
export function principalFactors(
  { name, shape }: ParameterSpec,
  r: number,
  scales: OfFactors<(value: number) => number>,
): OfFactors<(weights: Weights) => Float32Array> {
  const [out, inner] = shape as [number, number];
  if (r > Math.min(out, inner))
    throw new Error(`rank: ${r} is above the ${Math.min(out, inner)} singular values of ${name} [${out}, ${inner}]`);
  const known = new WeakMap<Weights, TruncatedSvd>();
  const decomposed = (weights: Weights) => {
    const svd = known.get(weights) ?? truncatedSvd(weights[name]!, r);
    known.set(weights, svd);
    return svd;
  };
  return {
    left(weights) {
      const { values, left } = decomposed(weights);
      const scaled = values.map(scales.left);
      return Float32Array.from({ length: out * r }, (_, at) => left[at % r]![Math.floor(at / r)]! * scaled[at % r]!);
    },
    right(weights) {
      const { values, right } = decomposed(weights);
      const scaled = values.map(scales.right);
      return Float32Array.from(
        { length: r * inner },
        (_, at) => right[Math.floor(at / inner)]![at % inner]! * scaled[Math.floor(at / inner)]!,
      );
    },
  };
}

/** W′ = W + D for each module, where `delta` gives D. */
export function withDeltas(
  modules: readonly LinearModule[],
  delta: (module: LinearModule, table: ParameterTable) => Value,
): (table: ParameterTable) => ParameterTable {
  return (table) => {
    const made = new Map(table);
    for (const module of modules)
      made.set(module.weight.name, add(table.get(module.weight.name)!, delta(module, table)));
    return made;
  };
}

/** B·(s·A), the scale on the smaller factor that the input meets first. */
export function scaledProduct(b: Value, a: Value, scale: number): Value {
  return matmul(b, mul(a, scale));
}

/** What W′ − W comes to at a module's output, x [*, in] → [*, out], for a path whose input is dropped from in training. */
export type DroppedPath = (module: LinearModule, x: Value, table: ParameterTable) => Value;

/**
 * Deltas whose input is dropped from in training: then drop(x)·(W′ − W)ᵀ is added at the module's output, in place of the
 * W′ that it comes to in evaluation.
 * @param p the share that is dropped
 */
export function droppedDeltas(
  modules: readonly LinearModule[],
  p: number,
  reparameterize: (table: ParameterTable) => ParameterTable,
  path: DroppedPath,
): Pick<Attachment, "sites" | "reparameterize"> {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const drops = ({ training }: Mode) => training && p > 0;
  return {
    reparameterize: (table, _, mode) => (drops(mode) ? table : reparameterize(table)),
    sites: (table, mode) =>
      drops(mode)
        ? {
            linear({ module: name, use, input: x, output }) {
              const module = byName.get(name);
              const place = `${name}.adapter${use === 1 ? "" : ` ${use}`}`;
              return module ? add(output, path(module, dropout({ name: place, x, p }), table)) : output;
            },
          }
        : {},
  };
}
