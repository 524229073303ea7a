/**
 * Milliseconds of switching between two RoCoFT adapters on a live model of RoBERTa-base's size, random weights: three rows and three
 * columns of every matrix, and LoRA's, which is fed.
 *
 *     npx tsx bench/swap.ts [--switches 200]
 */
import { parseArgs } from "node:util";
import { initialize } from "../src/nn/initialize.ts";
import { modelOf } from "../src/models/registry.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { adapt, adapterTensors } from "../src/train/adapt.ts";
import { liveModel } from "../src/train/live.ts";
import { parametersOf } from "../src/train/load.ts";
import { machine, median } from "./measure.ts";
import { robertaBase } from "../scripts/parameters/roberta-base.ts";

const { values: flags } = parseArgs({ options: { switches: { type: "string", default: "200" } } });

const stream = random(0);
const model = modelOf(robertaBase, "roberta-base");
const head = model.heads["sequence-classification"]!;
const specs = parametersOf(model, head, 2);
const weights = Object.fromEntries(specs.map((spec) => [spec.name, initialize(spec, stream)]));
const body = Object.fromEntries(specs.filter((spec) => !spec.head).map(({ name }) => [name, weights[name]!]));
const live = liveModel(body, await nativeRuntime());

const kinds = {
  "three rows": ["rocoft", { update: "row", select: "random" }],
  "three columns": ["rocoft", { update: "column", select: "random" }],
  LoRA: ["lora", {}],
} as const;
for (const [name, [methodName, options]] of Object.entries(kinds)) {
  for (const copy of ["a", "b"]) {
    const method = methodOf(methodName);
    const attachment = method.attach(specs, methodOptions(method, options), random(copy.charCodeAt(0)), null);
    const attached = { model, head, labels: 2, specs, attachment };
    live.add(`${name} ${copy}`, { attached, tensors: adapterTensors(adapt({ ...attached, weights })), where: name });
  }
}

console.log(`${machine()}; median of ${flags.switches} switches\n`);
console.log("| adapter | milliseconds |\n|---|---|");
for (const name of Object.keys(kinds)) {
  const times = Array.from({ length: Number(flags.switches) }, (_, i) => {
    const begin = performance.now();
    live.use(`${name} ${i % 2 === 0 ? "a" : "b"}`);
    return performance.now() - begin;
  });
  live.use(null);
  console.log(`| ${name} | ${median(times).toFixed(2)} |`);
}
await live.dispose();
