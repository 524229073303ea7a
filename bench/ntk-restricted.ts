/**
 * What the kernel of RoCoFT's parameters costs beside evaluating their gradient once for every input, at RoBERTa-base's shape: the
 * kernel of both logits and that of their difference, and a training step's loss and gradient, one input at a time, in turn.
 *
 *     npx tsx bench/ntk-restricted.ts [--rounds 3] [--train 8] [--test 24] [--length 64] [--threads 2] [--options '{"rank":3}']
 */
import { parseArgs } from "node:util";
import { sub, take } from "../src/graph/ops.ts";
import { empiricalKernels } from "../src/ntk/empirical-kernel.ts";
import { compileJacobian, jacobianGraph, type OutputsOf } from "../src/ntk/jacobian.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { tensor } from "../src/tensor/tensor.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { trainingStep } from "../src/train/step.ts";
import { machine, median } from "./measure.ts";
import { inputsOf, robertaWith } from "./roberta-kernel.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    train: { type: "string", default: "8" },
    test: { type: "string", default: "24" },
    length: { type: "string", default: "64" },
    threads: { type: "string", default: "2" },
    options: { type: "string", default: "{}" },
  },
});
const [train, test, length] = [flags.train, flags.test, flags.length].map(Number) as [number, number, number];

const adapted = robertaWith("rocoft", JSON.parse(flags.options) as Record<string, unknown>);
const inputs = inputsOf(train + test, length);
const runtime = await nativeRuntime({ threads: Number(flags.threads) });

const both: OutputsOf = ({ hidden, head }) => head(hidden());
const difference: OutputsOf = (forward) => sub(take(both(forward), -1, [1]), take(both(forward), -1, [0]));
const kernelBy = async (outputs: OutputsOf) => {
  const jacobian = await compileJacobian([adapted], jacobianGraph([adapted], outputs, length), runtime);
  return () => empiricalKernels(jacobian, runtime, inputs.slice(0, train), inputs.slice(train));
};
const step = await runtime.compile(trainingStep(adapted, labelObjectives.classification));
const labels = tensor("int64", [1], BigInt64Array.of(1n));
const gradients = async () => {
  for (const input of inputs) await step.run({ ...adapted.feeds, ...input, labels });
};

const measured = {
  "a gradient of each input": gradients,
  "kernel of both logits": await kernelBy(both),
  "kernel of their difference": await kernelBy(difference),
};
const seconds = new Map(Object.keys(measured).map((name) => [name, [] as number[]]));
for (let round = 0; round <= Number(flags.rounds); round++) {
  for (const [name, measure] of Object.entries(measured)) {
    const start = performance.now();
    await measure();
    // The first round warms up.
    if (round > 0) seconds.get(name)!.push((performance.now() - start) / 1000);
  }
}
const of = (name: string) => median(seconds.get(name)!);
console.log(
  `${machine()}; ${train} training and ${test} test inputs of ${length} tokens, ${flags.threads} threads, medians of ${flags.rounds} rounds\n`,
);
console.log("| | seconds | ÷ gradients |\n|---|--:|--:|");
for (const name of seconds.keys())
  console.log(`| ${name} | ${of(name).toFixed(2)} | ${(of(name) / of("a gradient of each input")).toFixed(2)} |`);
