/**
 * A training step of RoBERTa-base's shape with random weights, as one line of JSON: median seconds, by the clock and of all
 * threads' work, peak resident memory, and that before the first step.
 */
import { parseArgs } from "node:util";
import { random } from "../src/tensor/random.ts";
import { initialize } from "../src/nn/initialize.ts";
import { modelOf } from "../src/models/registry.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { type StoredMatrix, storedMatrix } from "../src/quantization/over-stored.ts";
import { type Quantization, schemeOf } from "../src/quantization/registry.ts";
import { overQuantizedBase } from "../src/quantization/runtime.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
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
    quantization: { type: "string", default: "none" },
    profile: { type: "string" },
  },
});

const stream = random(0);
const model = modelOf(robertaBase, "roberta-base");
const head = model.heads["sequence-classification"]!;
const specs = parametersOf(model, head, 2);
const method = methodOf(flags.method);
const chosen = methodOptions(method, JSON.parse(flags.options) as Record<string, unknown>);
const attachment = method.attach(specs, chosen, stream, null);
const schemes = schemeOf(flags.quantization as Quantization, model, attachment);
const adapted = adapt({ model, head, labels: 2, specs, attachment, ...randomBase() });

/** One parameter after the other, so that no more is held than is kept. */
function randomBase() {
  const [weights, stored]: [Record<string, Tensor<"float32">>, Map<string, StoredMatrix>] = [{}, new Map()];
  for (const spec of specs) {
    const [weight, scheme] = [initialize(spec, stream), schemes(spec)];
    if (scheme) stored.set(spec.name, storedMatrix(scheme, weight));
    else weights[spec.name] = weight;
  }
  return { weights, stored };
}

const native = await nativeRuntime(flags.profile === undefined ? {} : { profilePrefix: flags.profile });
const runtime = overQuantizedBase(native, adapted.stored);
const step = { adapted, runtime, objective: labelObjectives.classification };
const timed = await timedSteps(step, randomBatch(Number(flags.batch), Number(flags.length), robertaBase.vocab_size), {
  steps: Number(flags.steps),
  gradientCheckpointing: flags.gradient_checkpointing,
});
console.log(JSON.stringify(timed));
