/** Every method of the registry, under options that meet each of its ways, on both families. */
import { describe } from "vitest";
import { type MethodName, type MethodOptions, methods } from "../../src/peft/registry.ts";
import { nativeRuntime } from "../../src/runtime/native.ts";
import { methodSuite, type Promises } from "./method.cases.ts";

const runtime = await nativeRuntime({ threads: 1 });
const fixtures = ["bert-classification", "roberta-classification"];

const variants: { readonly [M in MethodName]: readonly Partial<MethodOptions[M]>[] } = {
  rocoft: [
    {},
    { update: "row", rank: 1, select: "last", train_bias: true },
    { update: "row", rank: 4, select: "random", target_modules: ["query", "output.dense"] },
    { update: "column", rank: 1, select: "uniform" },
    { update: "column", rank: 5, select: "random", train_bias: true },
    { update: "both", rank: 2, select: "first" },
    { update: "both", rank: 3, select: "random", target_modules: ["intermediate.dense"], train_bias: true },
    { update: "both", rank: 16, select: "last" },
    { update: "row", rank: 2, layers_to_transform: [1] },
  ],
  lora: [
    {},
    { rank: 2, lora_alpha: 3, target_modules: ["all-linear"], use_rslora: true, loraplus_lr_ratio: 16 },
    { rank: 3, use_dora: true, target_modules: ["query", "output.dense"] },
    { rank: 4, init_lora_weights: "gaussian", lora_dropout: 0.2 },
    { rank: 2, use_dora: true, lora_dropout: 0.2, layers_to_transform: [0] },
    { rank: 4, init_lora_weights: "pissa" },
  ],
  bitfit: [{}],
  ln_tuning: [{}],
  full: [{}],
  head: [{}],
};

const inPlace: Promises = { start: 0, movesAll: true, merged: 0 };
const promises: { readonly [M in MethodName]: Promises } = {
  rocoft: inPlace,
  lora: { start: 0, movesAll: true, merged: 1e-5 },
  bitfit: inPlace,
  ln_tuning: inPlace,
  full: inPlace,
  head: inPlace,
};

describe.each(Object.keys(methods) as MethodName[])("%s", (method) => {
  for (const fixture of fixtures)
    for (const options of variants[method])
      methodSuite(runtime, fixture, { method, options: { ...options } }, promises[method]);
});
