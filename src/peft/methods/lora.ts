/**
 * LoRA (Hu et al., ICLR 2022): W′ = W + s·B·A, with A [r, in] and B [out, r] trained, and three ways to do it otherwise: DoRA
 * (Liu et al., ICML 2024), PiSSA (Meng, Wang & Zhang, NeurIPS 2024) and rsLoRA's scale (Kalajdzievski 2023).
 */
import * as z from "zod";
import { add, div, matmul, mul, sqrt, stopGradient, sub, sum, unsqueeze } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import type { ParameterSpec, ParameterTable, Weights } from "../../nn/parameters.ts";
import { compose, trainHead, withAdded } from "../attachment.ts";
import {
  addedTo,
  alphaOption,
  dropoutOption,
  droppedDeltas,
  loraPlaces,
  principalFactors,
  rankOption,
  scaledProduct,
} from "../low-rank.ts";
import type { AddedTensor, Method } from "../method.ts";
import { type LinearModule, type TargetOptions, targetOptions, targetsOf } from "../targets.ts";

export interface LoraOptions extends TargetOptions {
  /** r, the rank of what is added. */
  readonly rank: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly use_rslora: boolean;
  readonly use_dora: boolean;
  readonly init_lora_weights: "default" | "gaussian" | "pissa";
  /** B's learning rate over A's. */
  readonly loraplus_lr_ratio: number;
}

const options: Method<LoraOptions>["options"] = {
  rank: rankOption(8),
  lora_alpha: alphaOption(16),
  lora_dropout: dropoutOption,
  use_rslora: z.boolean().default(false).describe("scale by alpha / √r instead (rsLoRA)"),
  use_dora: z.boolean().default(false).describe("train each row's magnitude apart from its direction (DoRA)"),
  init_lora_weights: z
    .enum(["default", "gaussian", "pissa"])
    .default("default")
    .describe("A uniform and B zero; A normal and B zero; or the weight's principal components (PiSSA)"),
  loraplus_lr_ratio: z
    .number()
    .positive()
    .default(1)
    .describe("learning rate of B as a multiple of that of A (LoRA+; 16 in its paper)"),
  ...targetOptions("query and value"),
};

export const lora: Method<LoraOptions> = {
  name: "lora",
  summary: "a product of two low-rank matrices, added to each weight",
  reference: "Hu et al., ICLR 2022",
  learningRate: 5e-4,
  learningRateSource: "its published script for RoBERTa-base on GLUE",
  options,
  attach(specs, chosen) {
    if (chosen.use_dora && chosen.init_lora_weights === "pissa")
      throw new Error(
        "use_dora: not together with init_lora_weights pissa, which changes the weight whose norm it trains",
      );
    const { modules, choice } = targetsOf(specs, chosen, loraPlaces);
    const scale = chosen.lora_alpha / (chosen.use_rslora ? Math.sqrt(chosen.rank) : chosen.rank);
    const added = modules.flatMap((module) => tensorsOf(module, chosen, scale));
    const adapted = (module: LinearModule, table: ParameterTable) => adaptedWeight(module, table, chosen, scale);
    const reparameterize = (table: ParameterTable) => {
      const made = new Map(table);
      for (const module of modules) made.set(module.weight.name, adapted(module, table));
      return made;
    };
    const dropped = droppedDeltas(modules, chosen.lora_dropout, reparameterize, (module, x, table) => {
      const times = (matrix: Value) => matmul(x, matrix, { transposeB: true });
      if (chosen.use_dora) return sub(times(adapted(module, table)), times(table.get(module.weight.name)!));
      return deltasOf(module, table, chosen, scale)
        .map(times)
        .reduce((a, b) => add(a, b));
    });
    return compose(withAdded(added, { ...choice, ...dropped }), trainHead(specs));
  },
};

const matrixA = "lora_A.weight";
const matrixB = "lora_B.weight";
const magnitude = "lora_magnitude_vector";
/** What DoRA and PiSSA keep of the base weight, frozen. */
const squaredNorms = "lora_squared_norms";
const [initialA, initialB] = ["lora_A.initial", "lora_B.initial"];

function tensorsOf(
  module: LinearModule,
  { rank: r, init_lora_weights: init, use_dora: dora, loraplus_lr_ratio: ratio }: LoraOptions,
  scale: number,
): AddedTensor[] {
  const { weight } = module;
  const [out, inner] = weight.shape as [number, number];
  const faster = ratio === 1 ? {} : { optimization: { learningRateRatio: ratio } };
  // B = U·√(S/s) and A = √(S/s)·Vᵀ.
  const root = (value: number) => Math.sqrt(value / scale);
  const principal = init === "pissa" ? principalFactors(weight, r, { left: root, right: root }) : null;
  const a = addedTo(
    module,
    matrixA,
    [r, inner],
    principal ? principal.right : init === "gaussian" ? { normal: 1 / r } : { uniform: 1 / Math.sqrt(inner) },
  );
  const b = addedTo(module, matrixB, [out, r], principal?.left ?? "zeros", faster);
  const frozen = { trained: false };
  return [
    a,
    b,
    ...(principal
      ? [
          addedTo(module, initialA, [r, inner], principal.right, frozen),
          addedTo(module, initialB, [out, r], principal.left, frozen),
        ]
      : []),
    ...(dora
      ? [
          addedTo(module, magnitude, [out], (weights) => squares(weights, weight).map(Math.sqrt)),
          addedTo(module, squaredNorms, [out], (weights) => squares(weights, weight), frozen),
        ]
      : []),
  ];
}

/** ‖W‖² of each row. */
function squares(weights: Weights, { name, shape }: ParameterSpec): Float32Array {
  const [out, inner] = shape as [number, number];
  const { data } = weights[name]!;
  return Float32Array.from({ length: out }, (_, i) =>
    data.subarray(i * inner, (i + 1) * inner).reduce((total, x) => total + x * x, 0),
  );
}

const partOf = ({ name }: LinearModule, suffix: string, table: ParameterTable) => table.get(`${name}.${suffix}`)!;

/** What is added to the weight: s·B·A, and for PiSSA −s·B₀·A₀, what they were at first. */
function deltasOf(module: LinearModule, table: ParameterTable, chosen: LoraOptions, scale: number): Value[] {
  const own = scaledProduct(partOf(module, matrixB, table), partOf(module, matrixA, table), scale);
  if (chosen.init_lora_weights !== "pissa") return [own];
  return [own, scaledProduct(partOf(module, initialB, table), partOf(module, initialA, table), -scale)];
}

function adaptedWeight(module: LinearModule, table: ParameterTable, chosen: LoraOptions, scale: number): Value {
  const weight = table.get(module.weight.name)!;
  // The deltas first: those of PiSSA then cancel to the last digit at the start.
  const changed = add(
    weight,
    deltasOf(module, table, chosen, scale).reduce((a, b) => add(a, b)),
  );
  if (!chosen.use_dora) return changed;
  // The norm is a constant in the backward pass (Liu et al. 2024, §4.3).
  const norms = sqrt(stopGradient(squaredNormsOf(module, weight, table, scale)));
  return mul(changed, unsqueeze(div(partOf(module, magnitude, table), norms), 1));
}

/** ‖W + s·B·A‖² of each row, without forming the sum: ‖w‖² + 2s⟨w, bA⟩ + s²‖bA‖² for a row w of W and b of B. */
function squaredNormsOf(module: LinearModule, weight: Value, table: ParameterTable, scale: number): Value {
  const [a, b] = [partOf(module, matrixA, table), partOf(module, matrixB, table)];
  const timesA = (x: Value) => matmul(x, a, { transposeB: true });
  const mixed = sum(mul(b, timesA(weight)), [1]);
  const own = sum(mul(matmul(b, timesA(a)), b), [1]);
  return add(partOf(module, squaredNorms, table), add(mul(mixed, 2 * scale), mul(own, scale * scale)));
}
