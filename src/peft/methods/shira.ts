/**
 * SHiRA (Bhardwaj et al., NeurIPS 2024): of each weight r·(in + out) single entries are trained, in place, as many numbers as
 * LoRA trains but without its bound on the rank. Which ones is decided once, before training.
 */
import * as z from "zod";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { largest } from "../../tensor/largest.ts";
import type { Random } from "../../tensor/random.ts";
import { compose, partOf, trainedParts, trainHead } from "../attachment.ts";
import { loraPlaces } from "../low-rank.ts";
import type { Method, TrainedTensor } from "../method.ts";
import { sample, selectionStrategies } from "../select.ts";
import { type TargetOptions, targetOptions, targetsOf } from "../targets.ts";

export interface ShiraOptions extends TargetOptions {
  /** r: r·(in + out) entries of each matrix are trained. */
  readonly rank: number;
  readonly mask_type: MaskType;
}

type MaskType = "rand" | "struct" | "wm";

/** The entries of a matrix that are trained, in rising order. @param weight its numbers, where they are known */
type Mask = (
  shape: readonly [out: number, inner: number],
  count: number,
  random: Random,
  weight: Float32Array | undefined,
) => Int32Array;

/** Those of the paper that need no gradient. */
const masks: { readonly [T in MaskType]: Mask } = {
  rand: ([out, inner], count, random) => Int32Array.from(sample(out * inner, count, random)),
  struct: diagonalAndRows,
  wm: ([out, inner], count, _, weight) => largest(weight?.map(Math.abs) ?? new Float32Array(out * inner), count),
};

export const shira: Method<ShiraOptions> = {
  name: "shira",
  summary: "scattered entries of each weight matrix, in place",
  reference: "Bhardwaj et al., NeurIPS 2024",
  learningRate: 3e-4,
  learningRateSource: "peft's example script",
  options: {
    rank: z
      .int()
      .positive()
      .default(32)
      .describe("entries trained of each matrix, as those of a LoRA of this rank: rank · (in + out)"),
    mask_type: z
      .enum(["rand", "struct", "wm"])
      .default("rand")
      .describe("which entries: random ones, the diagonal with whole rows, or the weights largest in magnitude"),
    ...targetOptions("query and value"),
  },
  evidence: ({ mask_type }) => (mask_type === "wm" ? { kind: "weights" } : null),
  attach(specs, chosen, random, evidence) {
    const { choice } = targetsOf(specs, chosen, loraPlaces);
    const parts = entryCounts(specs, chosen).map(({ weight, count }): TrainedTensor => {
      const shape = weight.shape as [number, number];
      const entries = masks[chosen.mask_type](shape, count, random, evidence?.weights[weight.name]?.data);
      // Weight decay would shrink the weights themselves; it is the change to them that the method has as its parameters.
      return { ...partOf(`${weight.name}.entries`, weight, { entries }), optimization: { decay: false } };
    });
    return compose({ ...trainedParts(parts), ...choice }, trainHead(specs));
  },
};

/**
 * How many entries of each targeted weight are trained.
 * @throws Error in one line when a weight has not so many.
 */
export function entryCounts(
  specs: readonly ParameterSpec[],
  chosen: TargetOptions & Pick<ShiraOptions, "rank">,
): { readonly weight: ParameterSpec; readonly count: number }[] {
  return targetsOf(specs, chosen, loraPlaces).modules.map(({ weight }) => {
    const [out, inner] = weight.shape as [number, number];
    const count = chosen.rank * (out + inner);
    if (count > out * inner)
      throw new Error(
        `rank: ${chosen.rank} trains ${count} entries a matrix, above the ${out * inner} of ${weight.name} [${out}, ${inner}]`,
      );
    return { weight, count };
  });
}

/** The diagonal, and of rows evenly spaced as many as there is room for, the last of them in part. */
function diagonalAndRows([out, inner]: readonly [number, number], count: number, random: Random): Int32Array {
  const diagonal = Array.from({ length: Math.min(out, inner) }, (_, i) => i * inner + i);
  const entries = new Set(diagonal);
  const rows = Math.min(out, Math.ceil((count - diagonal.length) / (inner - 1)));
  for (const row of selectionStrategies.uniform(out, rows, random))
    for (let column = 0; column < inner && entries.size < count; column++) entries.add(row * inner + column);
  return Int32Array.from(entries).sort();
}
