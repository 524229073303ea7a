/**
 * Training steps of a model of LLaMA-2's shape over a random base in 4 bits that lies in a file, as one line of JSON; see
 * scripts/random-base.ts. Three rows of each matrix are trained; each block is computed again for its gradient.
 */
import { parseArgs } from "node:util";
import { largeModelFlags, llamaOf, openRandomBase } from "./random-base.ts";
import { initialize } from "../src/nn/initialize.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { overQuantizedBase } from "../src/quantization/runtime.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { adapt } from "../src/train/adapt.ts";
import { causalLanguageModel } from "../src/train/objectives/language-model.ts";
import { randomBatch, timedSteps } from "./timed-steps.ts";

const { values: flags } = parseArgs({
  options: {
    ...largeModelFlags,
    warm_up: { type: "string", default: "0" },
    profile: { type: "string" },
  },
});

const stream = random(0);
const { model, specs } = llamaOf({ layers: Number(flags.layers), hiddenSize: Number(flags.hidden_size) });
const stored = openRandomBase(flags.base!, specs);
const weights = Object.fromEntries(
  specs.filter(({ name }) => !stored.has(name)).map((spec) => [spec.name, initialize(spec, stream)]),
);
const method = methodOf("rocoft");
const attachment = method.attach(specs, methodOptions(method, {}), stream, null);
const first = new Map(
  attachment.trained.map(({ name, shape }) => [
    name,
    Float32Array.from({ length: sizeOf(shape) }, () => 0.02 * stream.normal()),
  ]),
);
const head = model.heads["causal-language-model"]!;
const adapted = adapt({ model, head, labels: 0, specs, weights, stored, attachment }, 0, first);

const native = await nativeRuntime(flags.profile === undefined ? {} : { profilePrefix: flags.profile });
const step = { adapted, runtime: overQuantizedBase(native, stored), objective: causalLanguageModel };
const timed = await timedSteps(step, randomBatch(1, Number(flags.length), model.vocabularySize), {
  steps: Number(flags.steps),
  warmUp: Number(flags.warm_up),
  gradientCheckpointing: true,
});
console.log(JSON.stringify(timed));
