/**
 * The neural tangent kernel over all parameters of a classifier of RoBERTa-base's shape with random weights, between training inputs
 * and of test inputs with them, as one line of JSON: seconds with those of compiling, entries, and peak resident memory.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { collate } from "../src/data/collate.ts";
import { initialize } from "../src/nn/initialize.ts";
import { modelOf } from "../src/models/registry.ts";
import { empiricalKernels } from "../src/ntk/empirical-kernel.ts";
import { compileJacobian, jacobianGraph } from "../src/ntk/jacobian.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { adapt } from "../src/train/adapt.ts";
import { parametersOf } from "../src/train/load.ts";
import { robertaBase } from "../scripts/parameters/roberta-base.ts";
import { randomBatch } from "./timed-steps.ts";

const { values: flags } = parseArgs({
  options: {
    train: { type: "string", default: "32" },
    test: { type: "string", default: "200" },
    length: { type: "string", default: "64" },
    threads: { type: "string", default: "2" },
    method: { type: "string", default: "full" },
    options: { type: "string", default: "{}" },
    memory_gib: { type: "string", default: "4" },
  },
});
const [train, test, length] = [flags.train, flags.test, flags.length].map(Number) as [number, number, number];

const stream = random(0);
const model = modelOf(robertaBase, "roberta-base");
const head = model.heads["sequence-classification"]!;
const specs = parametersOf(model, head, 2);
const weights = Object.fromEntries(specs.map((spec) => [spec.name, initialize(spec, stream)]));
const method = methodOf(flags.method);
const chosen = methodOptions(method, JSON.parse(flags.options) as Record<string, unknown>);
const attachment = method.attach(specs, chosen, stream, null);
const adapted = adapt({ model, head, labels: 2, specs, weights, attachment });
const inputs = randomBatch(train + test, length, robertaBase.vocab_size).encodings.map((encoding) => ({
  ...collate([encoding], { padTokenId: robertaBase.pad_token_id }),
}));

const runtime = await nativeRuntime({ threads: Number(flags.threads) });
const [start, before] = [performance.now(), process.cpuUsage()];
// From here to `dispose` is all that this file asks of src/ntk.
const graph = jacobianGraph([adapted], ({ head: logits, hidden }) => logits(hidden()), length);
const jacobian = await compileJacobian([adapted], graph, runtime);
const [kernel] = await empiricalKernels(jacobian, runtime, inputs.slice(0, train), inputs.slice(train), {
  memoryBytes: Number(flags.memory_gib) * 2 ** 30,
});
await jacobian.dispose();
const seconds = (performance.now() - start) / 1000;
const entries = kernel!.train.data.length + kernel!.test.data.length;
console.log(
  JSON.stringify({
    seconds,
    cpu_seconds: process.cpuUsage(before).user / 1e6,
    entries,
    seconds_per_entry: seconds / entries,
    peak_mib: Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024),
  }),
);
