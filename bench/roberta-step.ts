/**
 * A training step of RoBERTa-base's shape with random weights, as one line of JSON: median seconds, by the clock and of all
 * threads' work, peak resident memory, and that before the first step.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { random } from "../src/tensor/random.ts";
import { initialize } from "../src/nn/initialize.ts";
import { modelOf } from "../src/models/registry.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { adapt } from "../src/train/adapt.ts";
import { parametersOf } from "../src/train/load.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { createStage } from "../src/train/stages.ts";
import { createUpdater } from "../src/train/update.ts";
import { median } from "./measure.ts";
import { robertaBase } from "../scripts/parameters/roberta-base.ts";

const { values: flags } = parseArgs({
  options: {
    steps: { type: "string", default: "8" },
    batch: { type: "string", default: "8" },
    length: { type: "string", default: "128" },
    method: { type: "string", default: "rocoft" },
    options: { type: "string", default: "{}" },
    gradient_checkpointing: { type: "boolean", default: false },
  },
});
const WARM_UP = 2;
const [steps, batch, length] = [Number(flags.steps), Number(flags.batch), Number(flags.length)];

const stream = random(0);
const model = modelOf(robertaBase, "roberta-base");
const head = model.heads["sequence-classification"]!;
const specs = parametersOf(model, head, 2);
const weights = Object.fromEntries(specs.map((spec) => [spec.name, initialize(spec, stream)]));
const method = methodOf(flags.method);
const chosen = methodOptions(method, JSON.parse(flags.options) as Record<string, unknown>);
const attachment = method.attach(specs, chosen, stream, null);
const adapted = adapt({ model, head, labels: 2, specs, weights, attachment });

const encodings = Array.from({ length: batch }, () => ({
  ids: Int32Array.from({ length }, () => 4 + stream.integer(robertaBase.vocab_size - 4)),
  typeIds: new Uint8Array(length),
  removed: 0,
}));
const train = {
  where: "random",
  encodings,
  labels: Float64Array.from({ length: batch }, () => stream.integer(2)),
  lines: new Int32Array(batch),
  lengths: new Int32Array(batch).fill(length),
  truncated: 0,
};
const options = {
  objective: labelObjectives.classification,
  curriculum: [],
  seed: 0,
  learningRate: 1e-3,
  schedule: "constant",
  warmupSteps: 0,
  adamw: {},
  maxGradNorm: null,
  batchSize: batch,
  gradientAccumulationSteps: 1,
  evalBatchSize: batch,
  epochs: 1,
  maxSteps: null,
  evalSteps: null,
  saveSteps: 1000,
  earlyStoppingPatience: null,
  metrics: [],
  metricForBest: "loss",
  padTokenId: 1,
} as const;

const runtime = await nativeRuntime();
const stage = await createStage(adapted, runtime, options.objective, {
  gradientCheckpointing: flags.gradient_checkpointing,
});
const { update } = createUpdater(adapted, train, options, steps + WARM_UP);
const everything = [Int32Array.from({ length: batch }, (_, i) => i)];
const held = runtime.residentBytes()! / 2 ** 20;
const times: number[] = [];
const work: number[] = [];
for (let step = 0; step < steps + WARM_UP; step++) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await update(stage, step, everything);
  times.push((performance.now() - start) / 1000);
  work.push(process.cpuUsage(before).user / 1e6);
}
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
const trained = attachment.trained.reduce((total, { count }) => total + count, 0);
const [seconds, cpu_seconds] = [times, work].map((each) => median(each.slice(WARM_UP)));
console.log(JSON.stringify({ trained, seconds, cpu_seconds, peak_mib: Math.round(peak), held_mib: Math.round(held) }));
