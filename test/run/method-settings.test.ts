/** Settings and tensors of methods that are easy to lose between a configuration and the training it asks for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { fineTune, plan, type TrainInput } from "../../src/node.ts";
import { makeTinyModel, workshop } from "../tiny-model.ts";

const cwd = workshop();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const dropping = makeTinyModel(path("dropping"), "roberta-classification", { hidden_dropout_prob: 0.3 });

const settings = {
  task: "sst2",
  data: path("sst2"),
  max_seq_length: 8,
  learning_rate: 1e-3,
  lr_scheduler_type: "constant",
  warmup_steps: 0,
  max_grad_norm: 0,
  threads: 1,
} as const;

let count = 0;
/** The losses of a run's steps, and the tensors of its adapter. */
async function train(input: Partial<TrainInput> & { readonly model: string }) {
  const output_dir = path("runs", String(count++));
  const losses: number[] = [];
  for await (const event of fineTune({ ...settings, output_dir, ...input } as TrainInput))
    if (event.type === "step") losses.push(event.loss);
  const file = join(output_dir, "adapter", "adapter_model.safetensors");
  return { losses, tensors: decodeSafetensors(readFileSync(file), file) };
}

test("--head_learning_rate is the head's, and the head's alone", async () => {
  const model = path("roberta");
  const original = decodeSafetensors(readFileSync(join(model, "model.safetensors")), model);
  const { tensors } = await train({ model, method: "bitfit", head_learning_rate: 0.05, max_steps: 1 });
  const moved = (name: string) => {
    const before = original.get(name)!.data as Float32Array;
    return (tensors.get(name)!.data as Float32Array).map((x, i) => Math.abs(x - before[i]!));
  };
  // Adam's first step is the learning rate, whatever the gradient.
  for (const by of moved("classifier.out_proj.bias")) expect(by).toBeCloseTo(0.05, 4);
  for (const by of moved("roberta.encoder.layer.1.output.dense.bias")) expect(by).toBeCloseTo(1e-3, 4);
});

test("--base_dropout drops what config.json says; without it nothing is dropped", async () => {
  const input = { model: dropping, method: "rocoft", max_steps: 3 } as const;
  const without = await train(input);
  const once = await train({ ...input, base_dropout: true });
  expect((await train({ ...input, base_dropout: true })).losses).toEqual(once.losses);
  expect(once.losses[0]).not.toBe(without.losses[0]);
  expect((await train({ ...input, base_dropout: true, seed: 43 })).losses).not.toEqual(once.losses);
});

test("what a method draws at random follows from --seed", async () => {
  const name = "bert.encoder.layer.0.attention.self.query.lora_A.weight";
  const drawn = async (seed: number) => {
    const { tensors } = await train({ model: path("bert"), method: "lora", rank: 2, max_steps: 1, seed });
    return tensors.get(name)!.data;
  };
  expect(await drawn(1)).toEqual(await drawn(1));
  expect(await drawn(2)).not.toEqual(await drawn(1));
});

test("plan counts the tensors that a method adds", async () => {
  const input = { ...settings, model: path("roberta"), method: "lora", rank: 2, output_dir: path("none") } as const;
  const { parameters, trainedParameters, totalParameters } = await plan(input);
  const added = parameters.filter(({ name }) => name.includes("lora_"));
  expect(added.map(({ name, copies, trained }) => [name.split(".").slice(-3).join("."), copies, trained])).toEqual([
    ["query.lora_A.weight", 2, 64],
    ["query.lora_B.weight", 2, 64],
    ["value.lora_A.weight", 2, 64],
    ["value.lora_B.weight", 2, 64],
  ]);
  const head = 16 * 16 + 16 + 2 * 16 + 2;
  expect(trainedParameters).toBe(4 * 64 + head);
  expect(totalParameters).toBe(5418 + 4 * 64);
});
