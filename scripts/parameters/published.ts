/** Counts that papers and their code give, for comparison. */
import { loraPlaces } from "../../src/peft/low-rank.ts";
import type { Counts, Setting } from "./count.ts";

/** A count as its source prints it: a whole number, or so many millions (M). */
export interface Published {
  readonly source: string;
  readonly model: string;
  readonly figure: string;
  /** What it is said to be the count of. */
  readonly setting: Setting;
}

const full: Setting = { name: "full fine-tuning", method: "full", options: {} };
const rows: Setting = { name: "RoCoFT", method: "rocoft", options: { update: "row", rank: 3 } };
const columns: Setting = { name: "RoCoFT", method: "rocoft", options: { update: "column", rank: 3 } };
const official: Setting = { ...columns, options: { ...columns.options, official_parameters: true } };
const lora: Setting = { name: "LoRA", method: "lora", options: { rank: 8 } };
const loraEverywhere: Setting = { ...lora, options: { rank: 8, target_modules: ["all-linear"] } };
const adalora: Setting = { name: "AdaLoRA", method: "adalora", options: { init_r: 12 }, at: loraPlaces };
const sft: Setting = { name: "SFT", method: "sft", options: { density: 0.01 } };
const bitfit: Setting = { name: "BitFit", method: "bitfit", options: {} };
const vera: Setting = { name: "VeRA", method: "vera", options: { rank: 256 } };
const ia3OfPeft: Setting = {
  name: "(IA)³",
  method: "ia3",
  options: { target_modules: ["key", "value", "output.dense"], feedforward_modules: ["output.dense"] },
};

export const published: readonly Published[] = [
  { source: "RoCoFT's paper", model: "RoBERTa-base", figure: "124.6 M", setting: full },
  {
    source: "RoCoFT's paper",
    model: "RoBERTa-base",
    figure: "0.083 M",
    setting: { ...rows, options: { update: "row", rank: 1 } },
  },
  { source: "RoCoFT's paper", model: "RoBERTa-base", figure: "0.249 M", setting: rows },
  { source: "RoCoFT's paper", model: "RoBERTa-base", figure: "0.249 M", setting: columns },
  { source: "RoCoFT's paper", model: "RoBERTa-base", figure: "0.89 M", setting: lora },
  { source: "RoCoFT's paper", model: "RoBERTa-base", figure: "1.03 M", setting: adalora },
  { source: "RoCoFT's paper", model: "RoBERTa-base", figure: "0.083 M", setting: bitfit },
  { source: "RoCoFT's paper", model: "RoBERTa-base", figure: "0.90 M", setting: sft },
  { source: "RoCoFT's paper", model: "LLaMA-2-7B", figure: "13.47 M", setting: rows },
  { source: "RoCoFT's paper", model: "LLaMA-2-7B", figure: "13.47 M", setting: columns },
  { source: "RoCoFT's paper", model: "LLaMA-2-7B", figure: "24.30 M", setting: loraEverywhere },
  { source: "RoCoFT's notebooks", model: "LLaMA-2-7B", figure: "4,441,856", setting: official },
  { source: "LoRA's paper", model: "RoBERTa-base", figure: "0.3 M", setting: lora },
  { source: "LoRA's paper", model: "RoBERTa-large", figure: "0.8 M", setting: lora },
  { source: "LoRA's paper", model: "RoBERTa-base", figure: "0.1 M", setting: bitfit },
  { source: "AdaLoRA's paper", model: "DeBERTaV3-base", figure: "1.33 M", setting: loraEverywhere },
  { source: "VeRA's paper", model: "RoBERTa-base", figure: "0.043 M", setting: { ...vera, options: { rank: 1024 } } },
  { source: "VeRA's paper", model: "RoBERTa-large", figure: "0.061 M", setting: vera },
  { source: "peft 0.21", model: "RoBERTa-base", figure: "64,512", setting: ia3OfPeft },
];

/** Which of our counts a figure is, rounded as it is; null where it is neither. */
export function countedIn(figure: string, { body, head }: Counts): "body" | "body and head" | null {
  const decimals = /^\d+\.(\d+) M$/.exec(figure)?.[1]?.length;
  const printed = (count: number) =>
    decimals === undefined ? count.toLocaleString("en-US") : `${(count / 1e6).toFixed(decimals)} M`;
  if (printed(body) === figure) return "body";
  return printed(body + head) === figure ? "body and head" : null;
}
