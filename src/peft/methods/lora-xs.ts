/**
 * LoRA-XS (Bałazy et al. 2024): W′ = W + s·B·R·A with only R [r, r] trained, between the weight's own r largest singular
 * directions: A = Σ·Vᵀ [r, in] and B = U [out, r].
 */
import { matmul, mul } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import type { ParameterTable } from "../../nn/parameters.ts";
import { compose, trainHead, withAdded } from "../attachment.ts";
import {
  addedTo,
  alphaOption,
  dropoutOption,
  droppedDeltas,
  principalFactors,
  rankOption,
  withDeltas,
} from "../low-rank.ts";
import type { AddedTensor, Method } from "../method.ts";
import { type LinearModule, type Place, type TargetOptions, targetOptions, targetsOf } from "../targets.ts";

export interface LoraXsOptions extends TargetOptions {
  /** r, the rank of what is added. */
  readonly rank: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
}

/** Its published script's for RoBERTa. */
const places: readonly Place[] = ["query", "value", "fused", "attention-output", "feed-forward-out"];

export const loraXs: Method<LoraXsOptions> = {
  name: "lora_xs",
  summary: "a small square matrix between each weight's largest singular directions",
  reference: "Bałazy et al. 2024",
  learningRate: 1e-3,
  learningRateSource: "the largest of its paper's grid for RoBERTa-large on GLUE",
  options: {
    rank: rankOption(16),
    lora_alpha: alphaOption(16),
    lora_dropout: dropoutOption,
    ...targetOptions("query, value and the modules whose output is added to the residual"),
  },
  attach(specs, chosen) {
    const { modules, choice } = targetsOf(specs, chosen, places);
    const added = modules.flatMap((module) => tensorsOf(module, chosen.rank));
    const delta = (module: LinearModule, table: ParameterTable) =>
      deltaOf(module, table, chosen.lora_alpha / chosen.rank);
    const dropped = droppedDeltas(modules, chosen.lora_dropout, withDeltas(modules, delta), (module, x, table) =>
      matmul(x, delta(module, table), { transposeB: true }),
    );
    return compose(withAdded(added, { ...choice, ...dropped }), trainHead(specs));
  },
};

const matrixA = "lora_A.weight";
const matrixB = "lora_B.weight";
const between = "lora_latent_mapping.weight";

function tensorsOf(module: LinearModule, r: number): AddedTensor[] {
  const [out, inner] = module.weight.shape as [number, number];
  const principal = principalFactors(module.weight, r, { left: () => 1, right: (value) => value });
  const frozen = { trained: false };
  return [
    addedTo(module, matrixA, [r, inner], principal.right, frozen),
    addedTo(module, matrixB, [out, r], principal.left, frozen),
    addedTo(module, between, [r, r], { normal: 1e-5 }),
  ];
}

/** s·B·R·A, the scale on the smallest of them. */
function deltaOf({ name }: LinearModule, table: ParameterTable, scale: number): Value {
  const [a, b, r] = [matrixA, matrixB, between].map((suffix) => table.get(`${name}.${suffix}`)!);
  return matmul(matmul(b!, mul(r!, scale)), a!);
}
