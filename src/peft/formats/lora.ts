/** LoRA in peft; rsLoRA, DoRA and PiSSA are fields of it. */
import * as z from "zod";
import { type Tensor, transposed } from "../../tensor/tensor.ts";
import type { AdapterTensor } from "../adapter.ts";
import type { LoraOptions } from "../methods/lora.ts";
import { commonFields, type Fields, fixed, free, readFields, targetFields } from "./fields.ts";
import {
  type Adapter,
  inModel,
  type JsonObject,
  type OwnPart,
  type PeftFiles,
  type PeftFormat,
  type WrittenPart,
} from "./format.ts";
import { below, byModule, type ModuleTensors, byName, scaledBy, targetsOf, whole, withRows } from "./parts.ts";

/** The fields that LoRA and AdaLoRA have in common. */
export const loraFields: Fields = {
  ...commonFields,
  ...targetFields,
  exclude_modules: free(null),
  r: free(8),
  lora_alpha: free(8),
  lora_dropout: free(0),
  bias: free("none"),
  fan_in_fan_out: free(false),
  use_rslora: free(false),
  use_dora: free(false),
  init_lora_weights: free(true),
  rank_pattern: free({}),
  alpha_pattern: free({}),
  lora_bias: fixed(false),
  layer_replication: fixed(null),
  target_parameters: fixed(null),
  trainable_token_indices: fixed(null),
  ensure_weight_tying: fixed(false),
  loftq_config: fixed({}),
  eva_config: free(null),
  corda_config: fixed(null),
  lora_ga_config: fixed(null),
  arrow_config: fixed(null),
  kasa_config: fixed(null),
  velora_config: fixed(null),
  monteclora_config: fixed(null),
  alora_invocation_tokens: fixed(null),
  use_qalora: fixed(false),
  qalora_group_size: free(16),
  use_bdlora: fixed(null),
  megatron_config: fixed(null),
  megatron_core: free("megatron.core"),
};

const [matrixA, matrixB] = ["lora_A.weight", "lora_B.weight"] as const;
const magnitude = "lora_magnitude_vector" as const;
/** What the method keeps for itself: PiSSA's first matrices, the norms that DoRA divides by. */
const [initialA, initialB] = ["lora_A.initial", "lora_B.initial"] as const;
const squaredNorms = "lora_squared_norms";

/** Beginnings that leave the base weights as they are, beside PiSSA, whose change to them can be found again. */
const beginnings: ReadonlyMap<unknown, LoraOptions["init_lora_weights"]> = new Map<
  unknown,
  LoraOptions["init_lora_weights"]
>([
  [true, "default"],
  [false, "default"],
  ["eva", "default"],
  ["orthogonal", "default"],
  ["gaussian", "gaussian"],
  ["pissa", "pissa"],
]);

const schema = z.object({
  lora_alpha: z.number().positive().default(8),
  lora_dropout: z.number().default(0),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  alpha_pattern: z.record(z.string(), z.number().positive()).nullish(),
});

type Matrices = ModuleTensors<typeof matrixA | typeof matrixB, typeof magnitude>;

export const loraFormat: PeftFormat = {
  method: "lora",
  prefix: "base_model.model.",
  fields: loraFields,
  isOwn: (name) => [matrixA, matrixB, magnitude].some((end) => name.endsWith(`.${end}`)),
  read: readLora,
  write: writeLora,
};

/** Ranks and alphas that differ among modules become the largest rank, padded with zeros, and factors of B. */
function readLora({ config, tensors }: PeftFiles): Adapter {
  const { alpha_pattern: alphas, ...shared } = readFields(config, schema);
  const beginning = beginningOf(config);
  const modules = byModule(tensors, [matrixA, matrixB], [magnitude]);
  const ranks = [...modules.values()].map((parts) => parts[matrixA].shape[0]!);
  const rank = Math.max(...ranks);
  const scaleOf = (alpha: number, r: number) => alpha / (shared.use_rslora ? Math.sqrt(r) : r);
  const read = [...modules].flatMap(([module, parts]) => {
    const own = scaleOf(patternValue(alphas ?? {}, module) ?? shared.lora_alpha, parts[matrixA].shape[0]!);
    return matricesOf(module, parts, rank, own / scaleOf(shared.lora_alpha, rank));
  });
  if (beginning === "pissa" && ranks.some((r) => r !== rank))
    throw new Error("rank_pattern: not supported together with init_lora_weights pissa");
  return {
    method: "lora",
    options: { ...shared, rank, init_lora_weights: beginning, target_modules: [...modules.keys()] },
    tensors: read,
  };
}

function beginningOf({ init_lora_weights: given = true }: JsonObject): LoraOptions["init_lora_weights"] {
  const known = beginnings.get(given);
  if (known === undefined)
    throw new Error(
      `init_lora_weights: ${JSON.stringify(given)}, whose base weights are other than the model's own, is not supported (expected ${[...beginnings.keys()].join(", ")})`,
    );
  return known;
}

function matricesOf(module: string, parts: Matrices, rank: number, factor: number): AdapterTensor[] {
  const [a, b] = [parts[matrixA], parts[matrixB]];
  const isFull = a.shape[0] === rank;
  const scaled = factor === 1 ? b : scaledBy(b, factor);
  return [
    whole(`${module}.${matrixA}`, isFull ? a : withRows(a, rank)),
    whole(`${module}.${matrixB}`, isFull ? scaled : transposed(withRows(transposed(scaled), rank))),
    ...(parts[magnitude] ? [whole(`${module}.${magnitude}`, parts[magnitude])] : []),
  ];
}

/** What a pattern of peft says of a module: its keys are regular expressions that the end of the name fits. */
function patternValue(pattern: Readonly<Record<string, number>>, module: string): number | undefined {
  return Object.entries(pattern).find(([key]) => new RegExp(`^(.*\\.)?(${key})$`).test(module))?.[1];
}

function writeLora(own: OwnPart): WrittenPart {
  const { rank, lora_alpha, lora_dropout, use_rslora, use_dora, init_lora_weights } = own.options as LoraOptions;
  const tensors = byName(own);
  const isPissa = init_lora_weights === "pissa";
  const written = isPissa ? againstBase(tensors) : [...tensors].filter(([name]) => !name.endsWith(squaredNorms));
  const r = isPissa ? 2 * rank : rank;
  return {
    config: {
      r,
      // The scale stays what it was: alpha / r, or alpha / √r.
      lora_alpha: lora_alpha * (use_rslora ? Math.sqrt(r / rank) : r / rank),
      lora_dropout,
      use_rslora,
      use_dora,
      init_lora_weights: init_lora_weights === "gaussian" ? "gaussian" : true,
    },
    tensors: inModel(written),
    targets: targetsOf(tensors, matrixA),
  };
}

/**
 * PiSSA's matrices against the base weights as they were: s·(B·A − B₀·A₀) = s·[B, −B₀]·[A; A₀], of twice the rank (Meng et al.
 * 2024, appendix on converting to LoRA).
 */
function againstBase(tensors: ReadonlyMap<string, Tensor<"float32">>): [string, Tensor<"float32">][] {
  const modules = byModule(tensors, [matrixA, matrixB, initialA, initialB]);
  return [...modules].flatMap(([module, { [matrixA]: a, [matrixB]: b, [initialA]: a0, [initialB]: b0 }]) => [
    [`${module}.${matrixA}`, below(a, a0)],
    [`${module}.${matrixB}`, transposed(below(transposed(b), transposed(scaledBy(b0, -1))))],
  ]);
}
