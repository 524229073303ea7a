/** The library as a program uses it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fineTune, mergeRun, openCheckpoint, openRun, plan, type RunEvent, type SavedEvent } from "../../src/node.ts";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { toFloat32, toFloatType } from "../../src/tensor/tensor.ts";
import { makeTinyModel, workshop, write } from "../tiny-model.ts";

const cwd = workshop();
const path = (name: string) => join(cwd, name);
const settings = {
  task: "sst2",
  max_seq_length: 10,
  per_device_train_batch_size: 8,
  warmup_steps: 2,
  threads: 1,
} as const;

/** The last event of a training. */
async function saved(training: AsyncIterable<RunEvent>): Promise<SavedEvent> {
  let last: RunEvent | undefined;
  for await (const event of training) last = event;
  if (last?.type !== "saved") throw new Error(`ended with ${last?.type}`);
  return last;
}

const adapter = (run: string) => readFileSync(join(run, "adapter", "adapter_model.safetensors"));

test("a model is trained, and what it learned is asked for, in a few lines", async () => {
  const training = fineTune({
    model: path("roberta"),
    data: path("sst2"),
    method: "rocoft",
    update: "column",
    rank: 3,
    output_dir: path("run"),
    ...settings,
  });
  const losses: number[] = [];
  let last: RunEvent | undefined;
  for await (const event of training) {
    if (event.type === "step") losses.push(event.loss);
    last = event;
  }
  expect(losses).toHaveLength(18);
  expect(last).toMatchObject({ type: "saved", reason: "finished", folder: path("run") });

  const classifier = await openRun(path("run"));
  const [answer] = await classifier.predict(["a good film"]);
  expect(classifier.labels).toEqual(["negative", "positive"]);
  expect(classifier.labels).toContain(answer!.label);
  const evaluated = await classifier.evaluate(path("sst2"));
  expect(evaluated).toEqual(last?.type === "saved" && { scores: last.scores, protocols: last.protocols });
  await classifier.dispose();
});

test("a merged run is a checkpoint that answers the same", async () => {
  const [run, merged] = [await openRun(path("run")), path("merged")];
  expect(await mergeRun(path("run"), merged)).toMatchObject({ folder: merged });
  const checkpoint = await openCheckpoint(merged, { maxLength: 10 });
  expect(await checkpoint.predict(["a good film"])).toEqual(await run.predict(["a good film"]));
  for (const classifier of [run, checkpoint]) await classifier.dispose();
});

test.each(["float32", "float16"] as const)(
  "a merged GPT-2 has its matrices as its checkpoint has them, in %s",
  async (dtype) => {
    const [model, run, merged] = [path("gpt2"), path(`gpt2-run-${dtype}`), path(`gpt2-merged-${dtype}`)];
    makeTinyModel(model, "gpt2-classification", { id2label: { 0: "negative", 1: "positive" } });
    const trained = { target_modules: ["mlp.c_fc"], update: "row", rank: 2, ignore_mismatched_sizes: true } as const;
    await saved(fineTune({ model, data: path("sst2"), output_dir: run, ...settings, ...trained }));
    await mergeRun(run, merged, { dtype });
    const [before, after] = [model, merged].map((folder) => {
      const file = join(folder, "model.safetensors");
      return decodeSafetensors(readFileSync(file), file);
    });
    expect([...after!.keys()].toSorted()).toEqual([...before!.keys()].toSorted());
    for (const [name, tensor] of before!) {
      if (name.startsWith("score.")) continue;
      const expected = toFloatType(toFloat32(tensor), dtype);
      expect(after!.get(name)).toMatchObject({ dtype, shape: expected.shape });
      const changed = [...expected.data.keys()].filter((i) => expected.data[i] !== after!.get(name)!.data[i]);
      // The first two outputs are the first two columns of a matrix [in, out].
      const isTrained = name.endsWith("mlp.c_fc.weight");
      expect(new Set(changed.map((i) => i % 64)), name).toEqual(new Set(isTrained ? [0, 1] : []));
    }
    const [one, other] = [await openRun(run), await openCheckpoint(merged, { maxLength: 10 })];
    if (dtype === "float32") expect(await other.predict(["a good film"])).toEqual(await one.predict(["a good film"]));
    for (const classifier of [one, other]) await classifier.dispose();
  },
);

test("nothing is global: two trainings at a time are as they are alone", async () => {
  const train = async (name: string, seed: number) => {
    const input = { model: path("roberta"), data: path("sst2"), output_dir: path(name), seed, ...settings };
    await saved(fineTune(input));
    return adapter(path(name));
  };
  const alone = [await train("alone-1", 1), await train("alone-2", 2)];
  const together = await Promise.all([train("together-1", 1), train("together-2", 2)]);
  expect(together.map((bytes, i) => bytes.equals(alone[i]!))).toEqual([true, true]);
  expect(alone[0]!.equals(alone[1]!)).toBe(false);
});

test("a training that is left in the middle can be left", async () => {
  const input = { model: path("roberta"), data: path("sst2"), output_dir: path("left"), ...settings };
  for await (const event of fineTune(input)) if (event.type === "step") break;
  await expect(openRun(path("left"))).rejects.toThrow(/has no adapter, its training did not reach a first evaluation$/);
});

test("a plan is data", async () => {
  const planned = await plan({
    model: path("bert"),
    data: path("reviews.csv"),
    output_dir: path("x"),
    max_seq_length: 10,
  });
  expect(planned.examples[0]).toMatchObject({
    where: `${path("reviews.csv")}:2`,
    label: expect.stringMatching(/good|bad/),
  });
});

test("input that does not fit is refused at once", async () => {
  const input = { model: path("bert"), data: path("sst2"), output_dir: path("x"), rank: 0 };
  expect(() => fineTune(input)).toThrow(/^rank: /);
  await expect(fineTune({ ...input, rank: 99, ...settings }).next()).rejects.toThrow(
    /^rank: 99 is above the 16 rows of /,
  );
});

test("MNLI's second validation set is scored with the best weights, under names that end in _mm", async () => {
  const rows = ["entailment", "neutral", "contradiction"].map(
    (label, i) => `${label}\tso good\tso ${["bad", "good"][i % 2]}\n`,
  );
  const file = `label\tpremise\thypothesis\n${rows.join("")}`;
  for (const name of ["train", "dev_matched", "dev_mismatched"]) write(path(`mnli/${name}.tsv`), file);
  const data = { model: path("bert"), data: path("mnli"), output_dir: path("mnli-run") };
  // Such a rate overshoots: the last step is not the best.
  const rate = { num_train_epochs: 20, learning_rate: 0.5, warmup_steps: 0 };
  const { scores, protocols, step } = await saved(fineTune({ ...data, ...settings, ...rate, task: "mnli" }));
  expect(step).toBeLessThan(20);
  const { loss, accuracy } = scores!;
  expect(scores).toEqual({ loss, accuracy, loss_mm: loss, accuracy_mm: accuracy });
  const files = protocols.map(({ scores: names, data: file, split }) => [...names, file, split]);
  expect(files).toEqual([
    ["loss", path("mnli/dev_matched.tsv"), "validation"],
    ["accuracy", path("mnli/dev_matched.tsv"), "validation"],
    ["loss_mm", path("mnli/dev_mismatched.tsv"), "validationMismatched"],
    ["accuracy_mm", path("mnli/dev_mismatched.tsv"), "validationMismatched"],
  ]);
  expect(JSON.parse(readFileSync(path("mnli-run/metrics.json"), "utf8"))).toMatchObject(scores!);
});
