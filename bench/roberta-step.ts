/**
 * A training step of RoBERTa-base's shape with random weights, as one line of JSON: median seconds, by the clock and of all
 * threads' work, peak resident memory, and that before the first step.
 */
import { parseArgs } from "node:util";
import { random } from "../src/tensor/random.ts";
import { initialize } from "../src/nn/initialize.ts";
import { modelOf } from "../src/models/registry.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { adapt } from "../src/train/adapt.ts";
import { parametersOf } from "../src/train/load.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { robertaBase } from "../scripts/parameters/roberta-base.ts";
import { randomBatch, timedSteps } from "./timed-steps.ts";

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

const stream = random(0);
const model = modelOf(robertaBase, "roberta-base");
const head = model.heads["sequence-classification"]!;
const specs = parametersOf(model, head, 2);
const weights = Object.fromEntries(specs.map((spec) => [spec.name, initialize(spec, stream)]));
const method = methodOf(flags.method);
const chosen = methodOptions(method, JSON.parse(flags.options) as Record<string, unknown>);
const attachment = method.attach(specs, chosen, stream, null);
const adapted = adapt({ model, head, labels: 2, specs, weights, attachment });

const step = { adapted, runtime: await nativeRuntime(), objective: labelObjectives.classification };
const timed = await timedSteps(step, randomBatch(Number(flags.batch), Number(flags.length), robertaBase.vocab_size), {
  steps: Number(flags.steps),
  gradientCheckpointing: flags.gradient_checkpointing,
});
console.log(JSON.stringify(timed));
