/** Median seconds of a training step of a causal language model, and peak resident memory, as one line of JSON. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openModelFolder } from "../src/hub/model-folder.ts";
import { modelOf } from "../src/models/registry.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { adapt } from "../src/train/adapt.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import { causalLanguageModel } from "../src/train/objectives/language-model.ts";
import { createStage } from "../src/train/stages.ts";
import { createUpdater } from "../src/train/update.ts";
import { median } from "./measure.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: "string", default: "5" },
    batch: { type: "string", default: "4" },
    length: { type: "string", default: "256" },
    method: { type: "string", default: "rocoft" },
    options: { type: "string", default: "{}" },
    profile: { type: "string" },
    checkpointing: { type: "boolean", default: false },
  },
});
const WARM_UP = 2;
const [steps, batch, length] = [Number(flags.steps), Number(flags.batch), Number(flags.length)];

const stream = random(0);
const folder = await openModelFolder(positionals[0]!);
const model = modelOf(folder.config, folder.folder);
const head = model.heads["causal-language-model"]!;
const specs = parametersOf(model, head, 0);
const { weights } = await loadWeights(model, specs, { where: folder.folder, ...folder }, { seed: 0 });
await folder.close();
const method = methodOf(flags.method);
const chosen = methodOptions(method, JSON.parse(flags.options) as Record<string, unknown>);
const attachment = method.attach(specs, chosen, stream, null);
const adapted = adapt({ model, head, labels: 0, specs, weights, attachment });

const train = {
  where: "random",
  encodings: Array.from({ length: batch }, () => ({
    ids: Int32Array.from({ length }, () => 4 + stream.integer(model.vocabularySize - 4)),
    typeIds: new Uint8Array(length),
    removed: 0,
  })),
  labels: new Float64Array(batch).fill(NaN),
  lines: new Int32Array(batch),
  lengths: new Int32Array(batch).fill(length),
  truncated: 0,
};
const options = {
  objective: causalLanguageModel,
  curriculum: [],
  seed: 0,
  learningRate: 1e-5,
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
  padTokenId: 0,
} as const;

const runtime = await nativeRuntime(flags.profile === undefined ? {} : { profilePrefix: flags.profile });
const stage = await createStage(adapted, runtime, options.objective, { gradientCheckpointing: flags.checkpointing });
const { update } = createUpdater(adapted, train, options, steps + WARM_UP);
const everything = [Int32Array.from({ length: batch }, (_, i) => i)];
const times: number[] = [];
for (let step = 0; step < steps + WARM_UP; step++) {
  const start = performance.now();
  await update(stage, step, everything);
  times.push((performance.now() - start) / 1000);
}
await stage.dispose();
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
const trained = attachment.trained.reduce((total, { count }) => total + count, 0);
console.log(JSON.stringify({ trained, seconds: median(times.slice(WARM_UP)), peak_mib: Math.round(peak) }));
