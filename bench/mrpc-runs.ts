/** What the MRPC study runs: every method, and RoCoFT taken apart. */

export interface Variant {
  readonly name: string;
  readonly method: string;
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** What of the options is others where only a few steps are taken, to time them. */
  readonly short?: Variant["options"];
}

/** Table 1: a row for each method, at a learning rate of its own. */
export const methodRows: readonly Variant[] = [
  { name: "RoCoFT, 3 rows", method: "rocoft" },
  { name: "RoCoFT, 3 columns", method: "rocoft", options: { update: "column" } },
  { name: "RoCoFT, 1 row", method: "rocoft", options: { rank: 1 } },
  { name: "RoCoFT, 1 column", method: "rocoft", options: { update: "column", rank: 1 } },
  { name: "RoCoFT, random entries", method: "rocoft", options: { update: "entries" } },
  { name: "full fine-tuning", method: "full" },
  { name: "head only", method: "head" },
  { name: "BitFit", method: "bitfit" },
  { name: "LayerNorm tuning", method: "ln_tuning" },
  { name: "LoRA", method: "lora" },
  { name: "rsLoRA", method: "lora", options: { use_rslora: true } },
  { name: "DoRA", method: "lora", options: { use_dora: true } },
  { name: "PiSSA", method: "lora", options: { init_lora_weights: "pissa" } },
  { name: "LoRA+", method: "lora", options: { loraplus_lr_ratio: 16 } },
  {
    name: "AdaLoRA",
    method: "adalora",
    options: { tinit: 30, tfinal: 150, deltaT: 5 },
    short: { tinit: 1, tfinal: 1 },
  },
  { name: "LoRA-XS", method: "lora_xs" },
  { name: "VeRA", method: "vera" },
  { name: "(IA)³", method: "ia3" },
  { name: "SHiRA", method: "shira" },
  { name: "prompt tuning", method: "prompt_tuning" },
  { name: "P-tuning", method: "p_tuning" },
  { name: "prefix tuning", method: "prefix_tuning" },
  { name: "Houlsby adapter", method: "houlsby" },
  { name: "Pfeiffer adapter", method: "pfeiffer" },
  { name: "parallel adapter", method: "parallel_adapter" },
  { name: "MAM", method: "mam" },
  // A small encoder's head alone is more than half a percent of it.
  { name: "diff pruning", method: "diff_pruning", options: { head_in_budget: false } },
  { name: "FishMask", method: "fish_mask", options: { head_in_budget: false, fisher_samples: 256 } },
  { name: "SFT", method: "sft" },
];

const rocoft = (name: string, options: NonNullable<Variant["options"]>): Variant => ({
  name,
  method: "rocoft",
  options,
});

/** Table 2: three rows, and one thing changed at a time, at their learning rate: rank, parts, selection, places. */
export const ablationRows: readonly Variant[] = [
  methodRows[0]!,
  ...[1, 2, 8].map((rank) => rocoft(`rank ${rank}`, { rank })),
  rocoft("columns", { update: "column" }),
  rocoft("rows and columns", { update: "both" }),
  rocoft("random entries", { update: "entries" }),
  ...["last", "uniform", "random", "largest", "smallest", "mixed"].map((select) =>
    rocoft(`${select} rows`, { select }),
  ),
  rocoft("attention only", { target_modules: "query,key,value,attention.output.dense" }),
  rocoft("feed-forward only", { target_modules: "intermediate.dense,output.dense" }),
  rocoft("upper half of the layers", { layers_to_transform: "3,4,5" }),
];
