/** How many numbers each method trains, under the options of its papers. */
import type { ParameterSpec } from "../../src/nn/parameters.ts";
import { maskSize } from "../../src/peft/methods/fish-mask.ts";
import { loraPlaces } from "../../src/peft/low-rank.ts";
import { type MethodName, type MethodOptions, methodOf, methodOptions } from "../../src/peft/registry.ts";
import { entryCounts as entriesOfSft } from "../../src/peft/methods/sft.ts";
import { entryCounts as entriesOfShira } from "../../src/peft/methods/shira.ts";
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
  { name: "AdaLoRA", method: "adalora", options: { init_r: 12 }, at: loraPlaces },
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
  { name: "SHiRA", method: "shira", options: { rank: 8 } },
  { name: "FISH Mask", method: "fish_mask", options: { density: 0.005 } },
  { name: "SFT", method: "sft", options: { density: 0.01 } },
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
  const body = countEntries(setting, specs);
  if (body === null) return countAttached(setting, specs);
  return { body, head: sum(specs.filter((spec) => spec.head).map(({ shape }) => sizeOf(shape))) };
}

/** The same, by the tensors that are trained. */
export function countAttached({ method: name, options, at }: Setting, specs: readonly ParameterSpec[]): Counts {
  const method = methodOf(name);
  const { trained } = method.attach(specs, methodOptions(method, { ...options, ...targetsAt(at, specs) }), random(0));
  const of = (head: boolean) => sum(trained.flatMap(({ parameter, count }) => (parameter.head === head ? count : [])));
  return { body: of(false), head: of(true) };
}

/** How many entries a method chooses among all; to choose them takes minutes where a model has billions. */
function countEntries({ method, options }: Setting, specs: readonly ParameterSpec[]): number | null {
  if (method === "fish_mask") return maskSize(specs, { density: 0.005, head_in_budget: true, ...options });
  if (method === "sft") return sum(entriesOfSft(specs, { density: 0.01, ...everyModule, ...options }).map(countOf));
  if (method === "shira") return sum(entriesOfShira(specs, { rank: 8, ...everyModule, ...options }).map(countOf));
  return null;
}

const countOf = ({ count }: { readonly count: number }) => count;
const everyModule = { target_modules: null, layers_to_transform: null };

function targetsAt(places: readonly Place[] | undefined, specs: readonly ParameterSpec[]): object {
  if (!places) return {};
  const { modules } = targetsOf(specs, everyModule, places);
  return { target_modules: modules.map(({ name }) => name) };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
