/** How many numbers each method trains, under the options of its papers. */
import type { ParameterSpec } from "../../src/nn/parameters.ts";
import { maskSize } from "../../src/peft/fish-mask.ts";
import { type MethodName, type MethodOptions, methodOf, methodOptions } from "../../src/peft/registry.ts";
import { type Place, targetsOf } from "../../src/peft/targets.ts";
import { random } from "../../src/tensor/random.ts";
import { sizeOf } from "../../src/tensor/shape.ts";

/** A method under some options; those left out have their defaults. */
export type Setting = { readonly [M in MethodName]: SettingOf<M> }[MethodName];

interface SettingOf<M extends MethodName> {
  /** What its paper calls it. */
  readonly name: string;
  readonly method: M;
  readonly options: Partial<MethodOptions[M]>;
  /** Where it works, in place of its own choice; modules at these places have other names in every family. */
  readonly at?: readonly Place[];
}

const everywhere = { target_modules: ["all-linear"] };
/** Where LoRA works, and where most papers let others work too. */
export const queryAndValue: readonly Place[] = ["query", "value", "fused"];

export const settings: readonly Setting[] = [
  { name: "full fine-tuning", method: "full", options: {} },
  { name: "RoCoFT", method: "rocoft", options: { update: "row", rank: 1 } },
  { name: "RoCoFT", method: "rocoft", options: { update: "column", rank: 1 } },
  { name: "RoCoFT", method: "rocoft", options: { update: "row", rank: 3 } },
  { name: "RoCoFT", method: "rocoft", options: { update: "column", rank: 3 } },
  { name: "RoCoFT", method: "rocoft", options: { update: "row", rank: 3, official_parameters: true } },
  { name: "LoRA", method: "lora", options: { rank: 8 } },
  { name: "LoRA", method: "lora", options: { rank: 8, ...everywhere } },
  { name: "DoRA", method: "lora", options: { rank: 8, use_dora: true } },
  { name: "AdaLoRA", method: "adalora", options: { init_r: 12 } },
  { name: "AdaLoRA", method: "adalora", options: { init_r: 12 }, at: queryAndValue },
  { name: "LoRA-XS", method: "lora_xs", options: { rank: 16 } },
  { name: "LoRA-XS", method: "lora_xs", options: { rank: 16, ...everywhere } },
  { name: "VeRA", method: "vera", options: { rank: 256 } },
  { name: "VeRA", method: "vera", options: { rank: 1024 } },
  { name: "(IA)³", method: "ia3", options: {} },
  { name: "BitFit", method: "bitfit", options: {} },
  { name: "LayerNorm tuning", method: "ln_tuning", options: {} },
  { name: "prompt tuning", method: "prompt_tuning", options: { num_virtual_tokens: 20 } },
  { name: "P-tuning", method: "p_tuning", options: { num_virtual_tokens: 20, encoder_hidden_size: 128 } },
  { name: "prefix tuning", method: "prefix_tuning", options: { num_virtual_tokens: 20 } },
  {
    name: "prefix tuning",
    method: "prefix_tuning",
    options: { num_virtual_tokens: 20, prefix_projection: true, encoder_hidden_size: 512 },
  },
  { name: "Houlsby adapter", method: "houlsby", options: { bottleneck_size: 64 } },
  { name: "Pfeiffer adapter", method: "pfeiffer", options: { reduction_factor: 16 } },
  { name: "parallel adapter", method: "parallel_adapter", options: { bottleneck_size: 512 } },
  { name: "MAM adapter", method: "mam", options: { num_virtual_tokens: 16, bottleneck_size: 16 } },
  { name: "MAM adapter", method: "mam", options: { num_virtual_tokens: 30, bottleneck_size: 512 } },
  // Of its masks the one that is quickest made; all are of one size.
  { name: "SHiRA", method: "shira", options: { rank: 8, mask_type: "struct" } },
  { name: "FISH Mask", method: "fish_mask", options: { density: 0.005 } },
  { name: "diff pruning", method: "diff_pruning", options: {} },
];

/** The options as a run is given them. */
export function describeOptions({ options, at }: Setting): string {
  const named = Object.entries(options).map(([name, value]) => `${name} ${String(value)}`);
  return [...named, ...(at ? [`at ${at.join(", ")}`] : [])].join(", ") || "defaults";
}

/** How many numbers are trained of the body, with what the method adds to it, and of the task's head. */
export interface Counts {
  readonly body: number;
  readonly head: number;
}

/** What a method trains of a model. */
export function countTrained(setting: Setting, specs: readonly ParameterSpec[]): Counts {
  return setting.method === "fish_mask" ? countMask(setting, specs) : countAttached(setting, specs);
}

/** By the trained tensors. */
export function countAttached({ method: name, options, at }: Setting, specs: readonly ParameterSpec[]): Counts {
  const method = methodOf(name);
  const { trained } = method.attach(specs, methodOptions(method, { ...options, ...targetsAt(at, specs) }), random(0));
  const count = (head: boolean) =>
    trained.filter(({ parameter }) => parameter.head === head).reduce((total, { count }) => total + count, 0);
  return { body: count(false), head: count(true) };
}

/** By the size of the mask: of a model with billions of parameters it would take minutes to make. */
function countMask({ options }: SettingOf<"fish_mask">, specs: readonly ParameterSpec[]): Counts {
  const head = specs.filter((spec) => spec.head).reduce((total, { shape }) => total + sizeOf(shape), 0);
  return { body: maskSize(specs, { density: 0.005, head_in_budget: true, ...options }), head };
}

function targetsAt(places: readonly Place[] | undefined, specs: readonly ParameterSpec[]): object {
  if (!places) return {};
  const { modules } = targetsOf(specs, { target_modules: null, layers_to_transform: null }, places);
  return { target_modules: modules.map(({ name }) => name) };
}
