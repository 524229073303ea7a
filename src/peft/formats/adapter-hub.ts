/**
 * The files of the library adapters (Poth et al. 2023, github.com/adapter-hub/adapters), as far as they are no files: bottleneck
 * adapters, which peft has no type for. What is trained beside them stands with the head.
 */
import * as z from "zod";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { type Tensor, toFloat32 } from "../../tensor/tensor.ts";
import type { AdapterTensor } from "../adapter.ts";
import type { ParallelAdapterOptions } from "../methods/parallel-adapter.ts";
import { type MethodName, methodOf, methodOptions } from "../registry.ts";
import { linearModules, placeOf } from "../targets.ts";
import { checkFields, defaultsOf, type Fields, fixed, free, readFields } from "./fields.ts";
import type { Adapter, BaseModel, JsonObject } from "./format.ts";
import { parameterOf, whole } from "./parts.ts";

/** What adapter_config.json, adapter.safetensors and model_head.safetensors hold. */
export interface AdapterHubFiles {
  readonly config: JsonObject;
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Empty where there is no head. */
  readonly head: ReadonlyMap<string, Tensor>;
}

/** The fields of an adapter's configuration; those whose names tell of hypercomplex layers mean nothing without such layers. */
const fields: Fields = {
  adapter_residual_before_ln: fixed(false),
  cross_adapter: fixed(false),
  dropout: free(0),
  factorized_phm_W: free(true),
  factorized_phm_rule: free(false),
  hypercomplex_nonlinearity: free("glorot-uniform"),
  init_weights: free("bert"),
  init_weights_seed: free(null),
  inv_adapter: fixed(null),
  inv_adapter_reduction_factor: free(null),
  is_parallel: fixed(false),
  learn_phm: free(true),
  leave_out: free([]),
  ln_after: fixed(false),
  ln_before: fixed(false),
  mh_adapter: free(false),
  non_linearity: fixed("relu"),
  original_ln_after: fixed(true),
  original_ln_before: fixed(false),
  output_adapter: free(true),
  phm_bias: free(true),
  phm_c_init: free("normal"),
  phm_dim: free(4),
  phm_init_range: free(0.0001),
  phm_layer: fixed(false),
  phm_rank: free(1),
  reduction_factor: free(16),
  residual_before_ln: fixed(true),
  scaling: fixed(1),
  shared_W_phm: free(false),
  shared_phm_rule: free(true),
  stochastic_depth: free(0),
  use_gating: fixed(false),
};

/** A method among the adapters that the library builds. */
interface Design {
  readonly method: MethodName;
  /** The fields in which it is another than the rest. */
  readonly fields: Fields;
  /** Options, given the size of an adapter, the model's width, and the factor of what it gives. */
  options(size: number, width: number, scaling: unknown): Readonly<Record<string, unknown>>;
}

const designs: readonly Design[] = [
  {
    method: "parallel_adapter",
    fields: { ...fields, is_parallel: fixed(true), scaling: free(1), init_weights: free("mam_adapter") },
    options: (size, _, scaling) => ({ bottleneck_size: size, scaling }),
  },
  {
    method: "pfeiffer",
    fields: { ...fields, original_ln_before: fixed(true) },
    options: (size, width) => ({ reduction_factor: factorOf(size, width) }),
  },
  {
    method: "houlsby",
    fields: { ...fields, non_linearity: fixed("gelu") },
    options: (size) => ({ bottleneck_size: size }),
  },
];

/** By what a width is divided, and rounded down, to come to a size: a whole number where one does. */
function factorOf(size: number, width: number): number {
  const factor = Math.floor(width / size);
  return Math.floor(width / factor) === size ? factor : width / (size + 0.5);
}

/** The parts of an adapter's tensors by our names. */
const parts: readonly (readonly [ours: string, theirs: string])[] = [
  ["adapter_down.weight", "adapter_down.0.weight"],
  ["adapter_down.bias", "adapter_down.0.bias"],
  ["adapter_up.weight", "adapter_up.weight"],
  ["adapter_up.bias", "adapter_up.bias"],
  ["adapter_scaling", "scaling"],
];

const schema = z.object({
  name: z.string(),
  config: z.looseObject({
    is_parallel: z.boolean().default(false),
    original_ln_before: z.boolean().default(false),
    scaling: z.union([z.number(), z.string()]).default(1),
  }),
});

/**
 * The adapter that the library's files hold.
 * @throws Error in one line naming the field that is not supported, or the tensor that the model has no place for.
 */
export function readAdapterHub(files: AdapterHubFiles, base: BaseModel): Adapter {
  const { tensors, head } = files;
  const { name: given, config } = readFields(files.config, schema);
  const design = designOf(config);
  checkFields(config, design.fields);
  const own = [...tensors].map(([key, value]) => whole(nameOf(key, given), toFloat32(value)));
  const down = own.filter(({ name }) => name.endsWith(`.${parts[0]![0]}`)).map(({ values }) => values.shape);
  const [first] = down;
  if (!first) throw new Error(`no tensor named …${parts[0]![1]} (found ${tensors.size} others)`);
  if (down.some(([size]) => size !== first[0]))
    throw new Error("reduction_factor: sizes that differ are not supported");
  const sublayers = [...new Set(own.map(({ name }) => sublayerOf(name)))];
  const targets = sublayers.map((sublayer) => moduleAt(sublayer, base.specs));
  const options = design.options(first[0]!, first[1]!, config.scaling);
  return {
    method: design.method,
    options: methodOptions(methodOf(design.method), { ...options, target_modules: targets }),
    tensors: [...own, ...[...head].map(([name, value]) => parameterOf(name, value, base.specs))],
  };
}

/** The method of an adapter with such a configuration. @throws Error in one line naming a field that does not fit. */
export function hubMethodOf(config: JsonObject): MethodName {
  return designOf(readFields(config, schema).config).method;
}

function designOf(config: z.infer<typeof schema>["config"]): Design {
  const { is_parallel: parallel, original_ln_before: before } = config;
  const isMeant = ({ fields: own }: Design) =>
    own["is_parallel"]!.value === parallel && (parallel || own["original_ln_before"]!.value === before);
  return designs.find(isMeant)!;
}

function nameOf(key: string, adapter: string): string {
  const found = parts.find(([, theirs]) => key.endsWith(`.adapters.${adapter}.${theirs}`));
  if (!found) throw new Error(`tensor ${key} belongs to no adapter of a kind that is known`);
  const [ours, theirs] = found;
  return `${key.slice(0, -`.adapters.${adapter}.${theirs}`.length)}.${ours}`;
}

/** The name of what an adapter's tensor stands at, without the part. */
function sublayerOf(name: string): string {
  const [ours] = parts.find(([part]) => name.endsWith(`.${part}`))!;
  return name.slice(0, -ours.length - 1);
}

/** What the files say of their surroundings. */
export interface HubOrigin {
  readonly model_name: string;
  /** The class that transformers has for body and head together. */
  readonly model_class: string;
  /** The classes in the order of the head's output. */
  readonly labels: readonly string[];
}

/** The files of an adapter, and head_config.json. */
export interface WrittenAdapterHub extends AdapterHubFiles {
  readonly headConfig: JsonObject;
}

/** Whether an adapter of a method can be written so. */
export const isBottleneck = (method: string): boolean => designs.some((design) => design.method === method);

/** The library's version whose files these are. */
const version = "adapters.1.3.0";
/** What an adapter is called in its files, which can be changed when it is loaded. */
const adapterName = "rocoft";

/** The model types whose adapters were loaded there and gave the same logits. */
const families = ["bert", "roberta"];

/**
 * An adapter as the library's files.
 * @throws Error in one line where it has no such adapter, no place for one, or none that is known in such a model.
 */
export function writeAdapterHub(adapter: Adapter, base: BaseModel, origin: HubOrigin): WrittenAdapterHub {
  const design = designs.find(({ method }) => method === adapter.method);
  if (!design)
    throw new Error(
      `${adapter.method}: is no bottleneck adapter, expected one of ${designs.map(({ method }) => method).join(", ")}`,
    );
  const { model_type: family } = base.config;
  if (!families.some((known) => known === family))
    throw new Error(
      `adapters: where they stand in a model of type ${String(family)} is not known, expected ${families.join(" or ")}`,
    );
  const parameters = new Set(base.specs.map(({ name }) => name));
  const isOwn = ({ parameter }: AdapterTensor) => !parameters.has(parameter);
  const own = adapter.tensors.filter(isOwn);
  const down = own.find(({ name }) => name.endsWith(parts[0]![0]))!.values.shape as [number, number];
  const { labels, ...surroundings } = origin;
  const shared = { ...surroundings, model_type: base.config["model_type"], hidden_size: down[1], version };
  const config = {
    ...defaultsOf(design.fields),
    ...placesOf(own, base.specs),
    reduction_factor: factorOf(...down),
    ...(design.method === "parallel_adapter" && { scaling: (adapter.options as ParallelAdapterOptions).scaling }),
  };
  return {
    config: { ...shared, config, name: adapterName },
    tensors: new Map(own.map(({ name, values }) => [keyOf(name), values])),
    head: new Map(adapter.tensors.filter((part) => !isOwn(part)).map(({ name, values }) => [name, values])),
    headConfig: {
      ...shared,
      config: null,
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
      name: null,
      num_labels: labels.length,
    },
  };
}

function keyOf(name: string): string {
  const sublayer = sublayerOf(name);
  const [, theirs] = parts.find(([ours]) => name === `${sublayer}.${ours}`)!;
  return `${sublayer}.adapters.${adapterName}.${theirs}`;
}

/**
 * In which places of which layers the adapters are, as the library says it.
 * @throws Error in one line where layers differ in it
 */
function placesOf(own: readonly AdapterTensor[], specs: readonly ParameterSpec[]): JsonObject {
  const modules = new Set(own.map(({ name }) => moduleAt(sublayerOf(name), specs)));
  const all = linearModules(specs);
  const adapted = all.filter(({ name }) => modules.has(name));
  const blocksOf = (isAttention: boolean) =>
    new Set(
      adapted
        .filter((module) => (placeOf(module) === "attention-output") === isAttention)
        .map(({ weight }) => weight.block!),
    );
  const [attention, feedForward] = [blocksOf(true), blocksOf(false)];
  if (attention.size > 0 && feedForward.size > 0 && !isSame(attention, feedForward))
    throw new Error(
      "target_modules: adapters are in other places from layer to layer, and the format has no word for it",
    );
  const blocks = new Set(all.map(({ weight }) => weight.block!));
  const without = [...blocks].filter((block) => !attention.has(block) && !feedForward.has(block));
  return { mh_adapter: attention.size > 0, output_adapter: feedForward.size > 0, leave_out: without };
}

const isSame = (a: ReadonlySet<number>, b: ReadonlySet<number>) => a.size === b.size && [...a].every((x) => b.has(x));

/** The module that ends a sublayer: itself, or its `dense`. */
function moduleAt(sublayer: string, specs: readonly ParameterSpec[]): string {
  const dense = `${sublayer}.dense`;
  return specs.some(({ name }) => name === `${dense}.weight`) ? dense : sublayer;
}
