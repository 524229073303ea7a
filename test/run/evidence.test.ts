/** Methods that ask model and data before they choose, or choose anew while they train, in real runs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { fineTune, openRun, plan, resumeRun, type RunEvent, type SavedEvent } from "../../src/node.ts";
import { workshop } from "../tiny-model.ts";

const cwd = workshop();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const settings = {
  model: path("roberta"),
  task: "sst2",
  data: path("sst2"),
  max_seq_length: 10,
  per_device_train_batch_size: 8,
  learning_rate: 0.01,
  warmup_steps: 2,
  num_train_epochs: 2,
  save_steps: 1,
  threads: 1,
} as const;

const methods = {
  rows: { method: "rocoft", select: "largest", calibration_samples: 20 },
  entries: { method: "rocoft", update: "entries", select: "mixed", density: 0.05 },
  fisher: { method: "fish_mask", density: 0.2, fisher_samples: 10 },
  weights: { method: "shira", rank: 2, mask_type: "wm" },
  moving: { method: "sft", density: 0.1, reselection_steps: 4, selection_accumulation_steps: 2 },
} as const;

async function saved(run: AsyncIterable<RunEvent>, visit: (event: RunEvent) => void = () => {}): Promise<SavedEvent> {
  let last: RunEvent | undefined;
  for await (const event of run) {
    visit(event);
    last = event;
  }
  if (last?.type !== "saved") throw new Error(`ended with ${last?.type}`);
  return last;
}

const adapterOf = (run: string) => readFileSync(path(run, "adapter", "adapter_model.safetensors"));
const indicesOf = (run: string) =>
  [...decodeSafetensors(adapterOf(run), run)].filter(([name]) => /[._]indices$/.test(name)).map(([, { data }]) => data);

describe.each(Object.entries(methods))("%s", (name, method) => {
  test("trains as many numbers as the plan says, and is the same when it is read again", async () => {
    const input = { ...settings, ...method, output_dir: path(name) };
    let counted = 0;
    const { scores } = await saved(fineTune(input), (event) => {
      if (event.type === "ready") counted = event.trainedParameters;
    });
    expect((await plan(input)).trainedParameters).toBe(counted);
    const classifier = await openRun(path(name));
    expect((await classifier.evaluate(path("sst2"))).scores).toEqual(scores);
    await classifier.dispose();
  });

  test("chooses others than the first", () => {
    const sorted = indicesOf(name).map((indices) => Array.from(indices as ArrayLike<number>, Number));
    expect(sorted.length).toBeGreaterThan(0);
    expect(sorted.every((indices) => indices.every((index, i) => index === i))).toBe(false);
  });

  test("interrupted and resumed it chooses the same and ends the same", async () => {
    const run = `${name} resumed`;
    const controller = new AbortController();
    const first = fineTune({ ...settings, ...method, output_dir: path(run) }, { signal: controller.signal });
    const part = await saved(first, (event) => {
      if (event.type === "step" && event.step === 4) controller.abort();
    });
    expect(part.reason).toBe("interrupted");
    await saved(resumeRun(path(run)));
    expect(adapterOf(run).equals(adapterOf(name))).toBe(true);
  });

  test("interrupted before it has chosen it writes nothing", async () => {
    const controller = new AbortController();
    controller.abort();
    const run = fineTune({ ...settings, ...method, output_dir: path("early") }, { signal: controller.signal });
    await expect(saved(run)).rejects.toThrow(/^interrupted before training began, nothing is written$/);
  });
});
