/** A training step of a causal language model on its own weights, as one line of JSON; bench/timed-steps.ts says what is measured. */
import { parseArgs } from "node:util";
import { openModelFolder } from "../src/hub/model-folder.ts";
import { modelOf } from "../src/models/registry.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { adapt } from "../src/train/adapt.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import { causalLanguageModel } from "../src/train/objectives/language-model.ts";
import { randomBatch, timedSteps } from "./timed-steps.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: "string", default: "5" },
    batch: { type: "string", default: "4" },
    length: { type: "string", default: "256" },
    method: { type: "string", default: "rocoft" },
    options: { type: "string", default: "{}" },
    profile: { type: "string" },
    gradient_checkpointing: { type: "boolean", default: false },
  },
});

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

const runtime = await nativeRuntime(flags.profile === undefined ? {} : { profilePrefix: flags.profile });
const step = { adapted, runtime, objective: causalLanguageModel };
const timed = await timedSteps(step, randomBatch(Number(flags.batch), Number(flags.length), model.vocabularySize), {
  steps: Number(flags.steps),
  gradientCheckpointing: flags.gradient_checkpointing,
});
console.log(JSON.stringify(timed));
