/** Kernels on the way of a training, and at its end. */
import { existsSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { relativeDistance } from "../../src/ntk/oracle.cases.ts";
import { exportModel, fineTune, type NtkEvent } from "../../src/node.ts";
import { methodOf } from "../../src/peft/registry.ts";
import { nativeRuntime } from "../../src/runtime/native.ts";
import { random } from "../../src/tensor/random.ts";
import { adapt } from "../../src/train/adapt.ts";
import { mergedWeights } from "../../src/train/merge.ts";
import { directKernels } from "./ntk-direct.ts";
import { lastOf, ntkWorkshop, small, trainingOf } from "./ntk-workshop.ts";

const { path, classifier, study, kernelFile, few, adapterModel } = ntkWorkshop();

describe("fine-tuning", () => {
  const training = { fine_tune: true, drift_steps: [2, 12], max_steps: 12, eval_steps: 6, warmup_steps: 2 } as const;
  const input = { ...classifier, ...small, ...training, parameters: "rocoft:rank=2:learning_rate=0.01" };

  test("the kernel drifts from 0 on, and the score is one of the test examples", async () => {
    const steps: number[] = [];
    const onEvent = (event: NtkEvent) => void (event.type === "training" && steps.push(event.step));
    const { splits, classifiers } = await study("drift", { ...input, compare: ["head"] }, { onEvent });
    expect(classifiers).toEqual(["fine-tuning"]);
    expect(steps).toEqual([...Array(24).keys()].map((i) => (i % 12) + 1));
    for (const { drift, scores } of Object.values(splits[0]!.kernels)) {
      expect(drift!.map(({ step }) => step)).toEqual([0, 2, 12]);
      const [none, little, more] = drift!.map(({ relativeDistance: distance }) => distance);
      expect(none).toBe(0);
      expect(little).toBeGreaterThan(0);
      expect(more).toBeGreaterThan(little!);
      expect([0, 0.2, 0.4, 0.6, 0.8, 1]).toContain(scores["fine-tuning"]);
    }
    expect(existsSync(path("drift", "drift.svg"))).toBe(true);
  });

  test("the drift is the distance of the kernel that the trained weights have", async () => {
    const run = await lastOf(
      fineTune({
        ...trainingOf(classifier),
        ...{ data: few("few"), method: "rocoft", rank: 2, learning_rate: 0.01, output_dir: path("run of few") },
        ...{ max_steps: 12, eval_steps: 12, warmup_steps: 2, per_device_train_batch_size: 8 },
      }),
    );
    expect(run).toMatchObject({ step: 12 });
    const { splits } = await study("drift of few", {
      ...{ ...classifier, ...training, kernel_solver: [], data: path("few"), drift_steps: [12] },
      ...{ parameters: "rocoft:rank=2:learning_rate=0.01", per_device_train_batch_size: 8 },
    });
    const at = await adapterModel("run of few");
    const config = { ...trainingOf(classifier), data: path("few"), method: "rocoft", rank: 2 };
    const [before, after] = [await directKernels({ config, tests: 1 }), await directKernels({ config, tests: 1, at })];
    const [, { relativeDistance: drift }] = splits[0]!.kernels["rocoft:rank=2:learning_rate=0.01"]!.drift as [
      unknown,
      { relativeDistance: number },
    ];
    expect(drift).toBeGreaterThan(0.001);
    expect(drift / relativeDistance(after.train, before.train)).toBeCloseTo(1, 3);
  });
});

describe("at a point of training", () => {
  const data = { config: { ...trainingOf(classifier) }, seed: 13, shots: 2, tests: 5 };
  const trained = { rocoft: { method: "rocoft", rank: 2 }, lora: { method: "lora", rank: 2 } } as const;
  beforeAll(async () => {
    for (const [name, method] of Object.entries({ ...trained, houlsby: { method: "houlsby" } as const }))
      await lastOf(
        fineTune({
          ...{ ...trainingOf(classifier), ...method, output_dir: path(`run of ${name}`) },
          ...{ learning_rate: 0.01, max_steps: 8, warmup_steps: 0, per_device_train_batch_size: 8 },
        }),
      );
  });

  test.each(Object.entries(trained))("what %s has trained, and all at merged weights", async (name, method) => {
    const adapter = path(`run of ${name}`);
    const input = { ...classifier, ...small, adapter, parameters: "adapter", compare: ["full", "rocoft:rank=1"] };
    const { parameterSets } = await study(`at ${name}`, input);
    const adapted = await adapterModel(`run of ${name}`);
    const own = await directKernels({ ...data, at: adapted });
    const atStart = await directKernels({ ...data, config: { ...data.config, ...method } });
    const weights = await mergedWeights(adapted, await nativeRuntime({ threads: 1 }));
    const attachment = methodOf("full").attach(adapted.specs, {}, random(0));
    const full = adapt({ ...adapted, weights, attachment });
    const all = await directKernels({ ...data, at: full });
    const found = (set: string) => kernelFile(`at ${name}`, "2-13", set).numbers("train");
    expect(relativeDistance(found("adapter"), own.train)).toBeLessThan(1e-5);
    expect(relativeDistance(atStart.train, own.train)).toBeGreaterThan(0.01);
    expect(relativeDistance(found("full"), all.train)).toBeLessThan(1e-5);
    const count = adapted.attachment.trained.reduce((total, each) => total + each.count, 0);
    expect(parameterSets[0]).toEqual({ name: "adapter", parameters: count });
    // In one pass or not, what else is measured changes nothing.
    await study(`at ${name} alone`, { ...input, parameters: "full", compare: [] });
    expect(
      relativeDistance(kernelFile(`at ${name} alone`, "2-13", "full").numbers("train"), found("full")),
    ).toBeLessThan(1e-6);
  });

  test("an adapter that cannot be merged has its own kernel, and no other set one", async () => {
    const input = { ...classifier, ...small, adapter: path("run of houlsby"), parameters: "adapter" };
    await study("at houlsby", input);
    const own = await directKernels({ ...data, at: await adapterModel("run of houlsby") });
    expect(relativeDistance(kernelFile("at houlsby", "2-13", "adapter").numbers("train"), own.train)).toBeLessThan(
      1e-5,
    );
    await expect(study("not at houlsby", { ...input, compare: ["full"] })).rejects.toThrow(
      `full: begins at merged weights, but ${path("run of houlsby")} cannot be merged: `,
    );
    expect(existsSync(path("not at houlsby"))).toBe(false);
  });

  test("an adapter that peft can read, which names no classes, is the same", async () => {
    await exportModel({ run: path("run of lora") }, path("peft"), { format: "peft" });
    await study("at peft", { ...classifier, ...small, adapter: path("peft"), parameters: "adapter" });
    const own = await directKernels({ ...data, at: await adapterModel("run of lora") });
    expect(relativeDistance(kernelFile("at peft", "2-13", "adapter").numbers("train"), own.train)).toBeLessThan(1e-5);
  });

  test("an adapter of other classes is refused", async () => {
    const other = { ...classifier, ...small, task: "rte", data: path("rte"), parameters: "adapter" } as const;
    await expect(study("of rte", { ...other, adapter: path("run of lora") })).rejects.toThrow(
      `${path("run of lora")}: was trained for classification of negative, positive, expected classification of `,
    );
    expect(existsSync(path("of rte"))).toBe(false);
  });
});
