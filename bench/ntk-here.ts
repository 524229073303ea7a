/**
 * The neural tangent kernel over all parameters of a classifier of RoBERTa-base's shape with random weights, between training inputs
 * and of test inputs with them, as one line of JSON: seconds with those of compiling, entries, and peak resident memory.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { empiricalKernels } from "../src/ntk/empirical-kernel.ts";
import { compileJacobian, jacobianGraph } from "../src/ntk/jacobian.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { inputsOf, robertaWith } from "./roberta-kernel.ts";

const { values: flags } = parseArgs({
  options: {
    train: { type: "string", default: "32" },
    test: { type: "string", default: "200" },
    length: { type: "string", default: "64" },
    threads: { type: "string", default: "2" },
    method: { type: "string", default: "full" },
    options: { type: "string", default: "{}" },
    memory_gib: { type: "string", default: "3" },
  },
});
const [train, test, length] = [flags.train, flags.test, flags.length].map(Number) as [number, number, number];

const adapted = robertaWith(flags.method, JSON.parse(flags.options) as Record<string, unknown>);
const inputs = inputsOf(train + test, length);

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
