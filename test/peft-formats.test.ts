/** Adapters in peft's format: what peft wrote does here what it does there, and what is written here is as peft writes it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Adapter, BaseModel, Evaluate, PeftFiles } from "../src/peft/formats/format.ts";
import { readPeft, writePeft } from "../src/peft/formats/peft.ts";
import { methodOf } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { type HeadedModel, restore } from "../src/train/adapt.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import { forwardPass } from "../src/train/step.ts";
import { worstDifference } from "./draw.ts";
import { batchFeeds, fixtureModel, readJson, readTensors } from "./fixtures.ts";

const runtime = await nativeRuntime({ threads: 1 });

const folders = (...path: readonly string[]) =>
  readdirSync(join(import.meta.dirname, "fixtures", "peft", ...path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
const cases = folders().flatMap((name) => folders(name).map((model) => ({ name, model })));

/** Cases whose files come back otherwise than peft wrote them, and are the same adapter. */
const rewritten = ["lora-pissa", "lora-patterns", "lora-bias", "p_tuning", "p_tuning-lstm", "prefix_tuning-projection"];

const filesOf = (name: string, model: string): PeftFiles => ({
  config: readJson("peft", name, model, "adapter_config.json"),
  tensors: readTensors("peft", name, model, "adapter_model.safetensors"),
});

async function baseOf(name: string): Promise<HeadedModel & BaseModel> {
  const { model, config, checkpoint } = fixtureModel(name);
  const head = model.heads["sequence-classification"];
  const labels = name.startsWith("bert") ? 3 : 2;
  const specs = parametersOf(model, head, labels);
  const { weights } = await loadWeights(model, specs, checkpoint, { seed: 0 });
  return { model, head, labels, specs, weights, basePrefix: model.basePrefix, config };
}

/** The logits of a model with an adapter. */
async function logitsOf(name: string, { method, options, tensors }: Adapter, batch: Map<string, Tensor>) {
  const base = await baseOf(name);
  const attachment = methodOf(method).attach(base.specs, options, random(0));
  const adapted = restore({ ...base, attachment }, tensors, "adapter");
  const program = await runtime.compile(forwardPass(adapted));
  const { logits } = await program.run({ ...adapted.feeds, ...batchFeeds(batch) });
  await program.dispose();
  return logits!.data as Float32Array;
}

const evaluate: Evaluate = async (outputs, feeds) => {
  const program = await runtime.compile(outputs);
  const results = await program.run(feeds);
  await program.dispose();
  return results;
};

const origin = (name: string) => ({ base_model_name_or_path: name, revision: null, task_type: "SEQ_CLS" });

describe.each(cases)("$name on $model", ({ name, model }) => {
  const files = filesOf(name, model);
  const expected = readTensors("peft", name, model, "expected.safetensors");
  const logits = expected.get("logits")!.data as Float32Array;

  test("read here, it gives the logits that it gives there", async () => {
    const plain = readTensors("models", model, "expected.safetensors").get("logits")!.data as Float32Array;
    expect(worstDifference(logits, plain)).toBeGreaterThan(0.05);
    const adapter = readPeft(files, await baseOf(model));
    expect(worstDifference(await logitsOf(model, adapter, expected), logits)).toBeLessThan(1e-4);
  });

  test.skipIf(rewritten.includes(name))("written again, it is what peft wrote", async () => {
    const base = await baseOf(model);
    const { config, tensors } = await writePeft(readPeft(files, base), base, origin(model), evaluate);
    expect(comparable(config)).toEqual(comparable(files.config));
    expect([...tensors.keys()].toSorted()).toEqual([...files.tensors.keys()].toSorted());
    for (const [key, { dtype, shape, data }] of files.tensors) {
      const written = tensors.get(key)!;
      expect([written.dtype, written.shape], key).toEqual([dtype, shape]);
      expect(worstDifference(written.data as Float32Array, data as Float32Array), key).toBeLessThan(1e-6);
    }
  });
});

/** A configuration without the order of names, which is arbitrary in peft. */
function comparable(config: PeftFiles["config"]): object {
  const sorted = (value: unknown) => (Array.isArray(value) ? [...new Set(value as string[])].toSorted() : value);
  const names = ["modules_to_save", "target_modules", "feedforward_modules"].filter((field) => field in config);
  return { ...config, ...Object.fromEntries(names.map((field) => [field, sorted(config[field])])) };
}
