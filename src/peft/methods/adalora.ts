/**
 * AdaLoRA (Zhang et al., ICLR 2023): W′ = W + s·B·diag(E)·A, a singular value decomposition whose A [r, in] and B [out, r] a term
 * of the loss keeps near orthogonality, and whose singular values E [r] the matrices get fewer and fewer of.
 */
import * as z from "zod";
import { add, equal, iota, matmul, mul, select, sqrt, sub, sum, unsqueeze } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import type { ParameterTable } from "../../nn/parameters.ts";
import { compose, trainHead, withAdded } from "../attachment.ts";
import { addedTo, alphaOption, dropoutOption, droppedDeltas, withDeltas } from "../low-rank.ts";
import type { Method } from "../method.ts";
import { type AllocationOptions, rankAllocation, type Triplets } from "../rank-allocation.ts";
import { type LinearModule, type TargetOptions, targetOptions, targetsOf } from "../targets.ts";

export interface AdaloraOptions extends TargetOptions, AllocationOptions {
  /** The weight of what is added to the loss. */
  readonly orth_reg_weight: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
}

const steps = z.int().nonnegative().default(0);
const kept = z.number().positive().lt(1).default(0.85);

const options: Method<AdaloraOptions>["options"] = {
  init_r: z.int().positive().default(12).describe("rank of what is added to each weight at first"),
  target_r: z.int().positive().default(8).describe("rank that is left in the end, on average over the weights"),
  tinit: steps.describe("steps at the beginning in which all ranks stay"),
  tfinal: steps.describe("steps at the end in which the ranks no longer change"),
  deltaT: z.int().positive().default(1).describe("steps from one allocation of the ranks to the next"),
  beta1: kept.describe("how much of the smoothed sensitivity is kept at each step"),
  beta2: kept.describe("how much of the smoothed uncertainty of it is kept at each step"),
  orth_reg_weight: z
    .number()
    .nonnegative()
    .default(0.5)
    .describe("weight of the orthogonality that is added to the loss"),
  lora_alpha: alphaOption(8),
  lora_dropout: dropoutOption,
  ...targetOptions("all linear modules of the blocks"),
};

export const adalora: Method<AdaloraOptions> = {
  name: "adalora",
  summary: "low-rank matrices added to each weight, of ranks that shrink where they matter least",
  reference: "Zhang et al., ICLR 2023",
  learningRate: 1e-3,
  learningRateSource: "its published script for MRPC",
  options,
  attach(specs, chosen) {
    const { init_r: r, target_r, orth_reg_weight: weight } = chosen;
    if (target_r > r) throw new Error(`target_r: ${target_r}, expected at most init_r, ${r}`);
    const { modules, choice } = targetsOf(specs, chosen, null);
    const added = modules.flatMap((module) => {
      const [out, inner] = module.weight.shape as [number, number];
      return [
        addedTo(module, "lora_A", [r, inner], { normal: 0.02 }),
        addedTo(module, "lora_E", [r, 1], "zeros"),
        addedTo(module, "lora_B", [out, r], { normal: 0.02 }),
      ];
    });
    // The official code's and peft's: r is kept from being 0, and stays what it was at first.
    const scale = chosen.lora_alpha / (r + 1e-5);
    const delta = (module: LinearModule, table: ParameterTable) => deltaOf(module, table, scale);
    const dropped = droppedDeltas(modules, chosen.lora_dropout, withDeltas(modules, delta), (module, x, table) =>
      matmul(x, delta(module, table), { transposeB: true }),
    );
    return compose(
      withAdded(added, {
        ...choice,
        ...dropped,
        ...(weight > 0 && { penalty: (table) => mul(skewness(modules, table), weight) }),
        dynamics: (live) => rankAllocation(live, modules.map(tripletsOf), chosen),
      }),
      trainHead(specs),
    );
  },
};

const tripletsOf = ({ name }: LinearModule): Triplets => ({
  a: `${name}.lora_A`,
  e: `${name}.lora_E`,
  b: `${name}.lora_B`,
});

/** s·B·diag(E)·A, the scale on the smallest of them. */
function deltaOf(module: LinearModule, table: ParameterTable, scale: number): Value {
  const { a, e, b } = tripletsOf(module);
  return matmul(table.get(b)!, mul(table.get(a)!, mul(table.get(e)!, scale)));
}

/** The mean of ‖A·Aᵀ − I‖ and ‖Bᵀ·B − I‖ (Frobenius) over the matrices, a scalar. */
function skewness(modules: readonly LinearModule[], table: ParameterTable): Value {
  const distances = modules.map(tripletsOf).flatMap(({ a, b }) => {
    const [rows, columns] = [table.get(a)!, table.get(b)!];
    return [matmul(rows, rows, { transposeB: true }), matmul(columns, columns, { transposeA: true })].map(toIdentity);
  });
  return mul(
    distances.reduce((x, y) => add(x, y)),
    1 / distances.length,
  );
}

/** ‖G − I‖ of a square matrix. */
function toIdentity(gram: Value): Value {
  const index = iota(gram, 0);
  const apart = sub(gram, select(equal(unsqueeze(index, 1), index), 1, 0));
  // The root has no slope at zero; this much is lost beside any other number.
  return sqrt(add(sum(mul(apart, apart), [0, 1]), 1e-30));
}
