/** The fine-tuning methods by name; the only list of them. */
import * as z from "zod";
import { misfit } from "../errors/misfit.ts";
import { unknownName } from "../errors/unknown-name.ts";
import { adalora, type AdaloraOptions } from "./methods/adalora.ts";
import { bitfit } from "./methods/bitfit.ts";
import { diffPruning, type DiffPruningOptions } from "./methods/diff-pruning.ts";
import { fishMask, type FishMaskOptions } from "./methods/fish-mask.ts";
import { full } from "./methods/full.ts";
import { head } from "./methods/head.ts";
import { houlsby, type HoulsbyOptions } from "./methods/houlsby.ts";
import { ia3, type Ia3Options } from "./methods/ia3.ts";
import { lnTuning } from "./methods/ln-tuning.ts";
import { loraXs, type LoraXsOptions } from "./methods/lora-xs.ts";
import { lora, type LoraOptions } from "./methods/lora.ts";
import { mam, type MamOptions } from "./methods/mam.ts";
import type { Method } from "./method.ts";
import { pTuning, type PTuningOptions } from "./methods/p-tuning.ts";
import { parallelAdapter, type ParallelAdapterOptions } from "./methods/parallel-adapter.ts";
import { pfeiffer, type PfeifferOptions } from "./methods/pfeiffer.ts";
import { prefixTuning, type PrefixTuningOptions } from "./methods/prefix-tuning.ts";
import { promptTuning, type PromptTuningOptions } from "./methods/prompt-tuning.ts";
import { rocoft, type RocoftOptions } from "./methods/rocoft.ts";
import { sft, type SftOptions } from "./methods/sft.ts";
import { shira, type ShiraOptions } from "./methods/shira.ts";
import { vera, type VeraOptions } from "./methods/vera.ts";

/** The options of each method. */
export interface MethodOptions {
  rocoft: RocoftOptions;
  lora: LoraOptions;
  adalora: AdaloraOptions;
  lora_xs: LoraXsOptions;
  vera: VeraOptions;
  ia3: Ia3Options;
  shira: ShiraOptions;
  fish_mask: FishMaskOptions;
  diff_pruning: DiffPruningOptions;
  sft: SftOptions;
  prompt_tuning: PromptTuningOptions;
  p_tuning: PTuningOptions;
  prefix_tuning: PrefixTuningOptions;
  houlsby: HoulsbyOptions;
  pfeiffer: PfeifferOptions;
  parallel_adapter: ParallelAdapterOptions;
  mam: MamOptions;
  bitfit: object;
  ln_tuning: object;
  full: object;
  head: object;
}
export type MethodName = keyof MethodOptions;

export const methods: { readonly [M in MethodName]: Method<MethodOptions[M]> } = {
  rocoft,
  lora,
  adalora,
  lora_xs: loraXs,
  vera,
  ia3,
  shira,
  fish_mask: fishMask,
  diff_pruning: diffPruning,
  sft,
  prompt_tuning: promptTuning,
  p_tuning: pTuning,
  prefix_tuning: prefixTuning,
  houlsby,
  pfeiffer,
  parallel_adapter: parallelAdapter,
  mam,
  bitfit,
  ln_tuning: lnTuning,
  full,
  head,
};

/**
 * Options as `method` takes them, defaults filled in.
 * @throws Error in one line naming the option that does not fit or is not the method's.
 */
export function methodOptions(method: Method, given: Readonly<Record<string, unknown>>): object {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(method.options, name))
      throw new Error(
        `${name}: the method ${method.name} has no such option (it has ${Object.keys(method.options).join(", ") || "none"})`,
      );
  }
  const result = z.object(method.options).safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw misfit(issue!.path.join("."), given[String(issue!.path[0])], issue!);
}

/** The method called `name`. @throws Error listing the known ones. */
export function methodOf(name: string): Method {
  if (!isMethodName(name)) throw unknownName("method: unknown method", name, Object.keys(methods));
  return methods[name];
}

function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}
