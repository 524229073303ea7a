/** Trainings on a device with a memory of its own: what lies there must be nothing that training writes to. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/run/config.ts";
import { attachMethod } from "../../src/run/execute.ts";
import { trainingOptions } from "../../src/run/options.ts";
import { encodeFor, encodeTraining, prepareRun } from "../../src/run/prepare.ts";
import { nativeRuntime } from "../../src/runtime/native.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { train } from "../../src/train/trainer.ts";
import { workshop } from "../tiny-model.ts";

const cwd = workshop();
const native = await nativeRuntime({ threads: 1, device: "cpu" });
const settings = {
  model: join(cwd, "roberta"),
  data: join(cwd, "sst2"),
  task: "sst2",
  max_seq_length: 10,
  max_steps: 12,
  warmup_steps: 2,
  learning_rate: 1e-2,
  per_device_train_batch_size: 4,
  output_dir: "unused",
};

interface Trained {
  readonly losses: readonly number[];
  /** Of the weights, how many a step is fed. */
  readonly fed: number;
}

async function trained(method: Readonly<Record<string, unknown>>, runtime: Runtime): Promise<Trained> {
  const prepared = await prepareRun(parseConfig({ ...settings, ...method }));
  try {
    const options = trainingOptions(prepared);
    const [examples, validation] = [
      encodeTraining(prepared),
      encodeFor(prepared, prepared.task, prepared.validation, 10),
    ];
    let fed = 0;
    const watched: Runtime = {
      ...runtime,
      async compile(...given) {
        const program = await runtime.compile(...given);
        fed ||= program.inputs.filter((name) => name.startsWith("roberta.")).length;
        return program;
      },
    };
    const { adapted, runtime: own } = await attachMethod(prepared, { runtime: watched, train: examples, options });
    const losses: number[] = [];
    const job = { adapted, runtime: own, train: examples, validation, options, from: null };
    for await (const event of train(job)) {
      if (event.type === "step") losses.push(event.loss);
      if (event.type === "evaluation") losses.push(event.scores["loss"]!);
    }
    return { losses, fed };
  } finally {
    await prepared.folder.close();
  }
}

test.each([
  [{ method: "rocoft", rank: 2 }],
  [{ method: "rocoft", update: "entries" }],
  [{ method: "lora" }],
  [{ method: "lora", init_lora_weights: "pissa" }],
  [{ method: "bitfit" }],
  [{ method: "full" }],
  [{ method: "sft" }],
])("%j trains as where memory is one", async (method) => {
  const [one, apart] = [await trained(method, native), await trained(method, { ...native, hasOwnMemory: true })];
  expect(apart.losses.length).toBeGreaterThan(12);
  apart.losses.forEach((loss, i) => expect(loss).toBeCloseTo(one.losses[i]!, 5));
  if (method.method === "full") expect(apart.fed).toBe(one.fed);
  else expect(apart.fed).toBeLessThan(one.fed);
});
