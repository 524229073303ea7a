/** Adapters that other libraries wrote, on the models of the fixtures. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Adapter, BaseModel, Evaluate } from "../src/peft/formats/format.ts";
import { methodOf } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { type HeadedModel, restore } from "../src/train/adapt.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import { forwardPass } from "../src/train/step.ts";
import { batchFeeds, fixtureModel, readTensors } from "./fixtures.ts";

const runtime = await nativeRuntime({ threads: 1 });

/** The cases of a library, each on the models that it has files for. */
export function foreignCases(library: string): { readonly name: string; readonly model: string }[] {
  const folders = (...path: readonly string[]) =>
    readdirSync(join(import.meta.dirname, "fixtures", library, ...path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  return folders().flatMap((name) => folders(name).map((model) => ({ name, model })));
}

/** A fixture model as it is without an adapter. */
export async function baseOf(name: string): Promise<HeadedModel & BaseModel> {
  const { model, config, checkpoint } = fixtureModel(name);
  const head = model.heads["sequence-classification"]!;
  const labels = readTensors("models", name, "expected.safetensors").get("logits")!.shape.at(-1)!;
  const specs = parametersOf(model, head, labels);
  const { weights } = await loadWeights(model, specs, checkpoint, { seed: 0 });
  return { model, head, labels, specs, weights, basePrefix: model.basePrefix, config };
}

/** The logits of a model with an adapter. */
export async function logitsOf(
  name: string,
  { method, options, tensors }: Adapter,
  batch: ReadonlyMap<string, Tensor>,
): Promise<Float32Array> {
  const base = await baseOf(name);
  const attachment = methodOf(method).attach(base.specs, options, random(0));
  const adapted = restore({ ...base, attachment }, tensors, "adapter");
  const program = await runtime.compile(forwardPass(adapted));
  const { logits } = await program.run({ ...adapted.feeds, ...batchFeeds(batch) });
  await program.dispose();
  return logits!.data as Float32Array;
}

export const evaluate: Evaluate = async (outputs, feeds) => {
  const program = await runtime.compile(outputs);
  const results = await program.run(feeds);
  await program.dispose();
  return results;
};
