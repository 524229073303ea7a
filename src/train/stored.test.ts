/** A base in few bits under a method: what is trained of it begins exact, changes alone, and comes back from an adapter as it was. */
import { describe, expect, test } from "vitest";
import { storedAs, type Storing, wideAttachment } from "../../test/tiny-stored.ts";
import { tinyData, tinyTraining } from "../../test/tiny-training.ts";
import { turned } from "../models/weights.ts";
import type { Weights } from "../nn/parameters.ts";
import { type AdapterTensor, packAdapter, unpackAdapter } from "../peft/adapter.ts";
import { methodOf, methodOptions } from "../peft/registry.ts";
import { decoded } from "../quantization/over-stored.ts";
import { overQuantizedBase } from "../quantization/runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { viewOf } from "../tensor/view.ts";
import { adapt, type AdaptedModel, adapterTensors, type AttachedModel, type BaseWeights, restore } from "./adapt.ts";
import { gatherEvidence } from "./evidence.ts";
import { type Checkpoint, inFewBits, loadWeights, randomWeights, readParts } from "./load.ts";
import { mergedWeights } from "./merge.ts";
import { forwardPass } from "./step.ts";
import { train } from "./trainer.ts";

const native = await nativeRuntime({ threads: 1 });
const data = tinyData(12);

interface Base {
  readonly model: string;
  readonly storing: Storing;
}
const bases: Readonly<Record<string, Base>> = {
  "BERT in 8 bits": { model: "bert-classification", storing: storedAs("int8") },
  "LLaMA in 4 bits": { model: "llama-classification", storing: storedAs("int4") },
  // A fused matrix, which the checkpoint holds as [in, out].
  "GPT-2 in 8 bits": { model: "gpt2-classification", storing: storedAs("int8") },
};

interface Chosen {
  readonly method?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}
const inPlace: Readonly<Record<string, Chosen>> = {
  rows: { options: { update: "row" } },
  "rows, scattered": { options: { update: "row", select: "uniform" } },
  columns: { options: { update: "column" } },
  both: { options: { update: "both", select: "random" } },
  entries: { options: { update: "entries" } },
};
/** Methods that choose by what they see of the weights and the data. */
const byEvidence: Readonly<Record<string, Chosen>> = {
  "the largest rows": { options: { update: "row", select: "largest", calibration_samples: 8 } },
  "the smallest columns": { options: { update: "column", select: "smallest", calibration_samples: 8 } },
  "the largest of both": { options: { update: "both", select: "largest", calibration_samples: 8 } },
  "the largest entries": { options: { update: "entries", select: "largest", calibration_samples: 8 } },
  fish_mask: { method: "fish_mask", options: { density: 0.02, head_in_budget: false, fisher_samples: 4 } },
  "shira, the largest": { method: "shira", options: { rank: 2, mask_type: "wm" } },
};
const beside: Readonly<Record<string, Chosen>> = {
  lora: { method: "lora", options: { rank: 2, target_modules: ["all-linear"] } },
  dora: { method: "lora", options: { rank: 2, use_dora: true } },
  lora_xs: { method: "lora_xs", options: { rank: 2 } },
  ia3: { method: "ia3" },
  prefix_tuning: { method: "prefix_tuning", options: { num_virtual_tokens: 2 } },
};

/** Random weights of a model as a checkpoint holds them. */
function checkpointOf({ specs }: AttachedModel): Checkpoint & { readonly weights: Weights } {
  const { weights } = randomWeights(specs, 7);
  const tensors = new Map(specs.map((spec) => [spec.name, turned(spec, weights[spec.name]!)]));
  return { where: "memory", tensors, readInto: async (name, target) => target.set(tensors.get(name)!.data), weights };
}

/** The base as a run reads it, the method as it is chosen for a run, and what is trained as it begins. */
async function begun({ model, storing }: Base, chosen: Chosen) {
  const attached = wideAttachment(model, chosen);
  const checkpoint = checkpointOf(attached);
  const schemeOf = storing(attached);
  const load = () => loadWeights(attached.model, attached.specs, checkpoint, { seed: 0, schemeOf });
  const { weights, stored = new Map() } = await load();
  const runtime = overQuantizedBase(native, stored);
  const attachment = await chosenFor({ ...attached, weights, stored }, chosen, runtime);
  const parts = attachment.trained.filter(({ parameter }) => stored.has(parameter.name));
  const first = await readParts(attached.model, parts, checkpoint);
  const adapted = adapt({ ...attached, attachment, weights, stored }, 1, first);
  return { attached, checkpoint, load, runtime, adapted, first };
}

async function chosenFor(
  base: AttachedModel & BaseWeights,
  { method: name = "rocoft", options = {} }: Chosen,
  runtime: Runtime,
) {
  const method = methodOf(name);
  const chosen = methodOptions(method, options);
  const kind = method.evidence?.(chosen) ?? null;
  if (kind === null) return base.attachment;
  const evidence = await gatherEvidence(kind, {
    base,
    runtime,
    train: data,
    options: { ...tinyTraining, padTokenId: 1 },
  });
  return method.attach(base.specs, chosen, random(0, "selection"), evidence);
}

/** Trains for some steps. */
async function trained(adapted: AdaptedModel, runtime: Runtime): Promise<void> {
  const options = { ...tinyTraining, padTokenId: 1, maxSteps: 3 };
  const training = train({ adapted, runtime, train: data, validation: null, options });
  while (!(await training.next()).done);
}

/** Every byte of the stored matrices. */
const bytesOf = ({ stored }: Pick<AdaptedModel, "stored">) =>
  [...stored].flatMap(([name, { parts }]) =>
    Object.entries(parts).map(([part, held]) => [name, part, [...held.read().data].join()]),
  );

async function logitsOf(adapted: AdaptedModel): Promise<Float32Array> {
  const program = await overQuantizedBase(native, adapted.stored).compile(forwardPass(adapted));
  const { feeds } = tinyTraining.objective.batch(data, Int32Array.of(3, 0, 5, 1), { padTokenId: 1, stream: random(0) });
  const { logits } = await program.run({ ...adapted.feeds, ...feeds });
  await program.dispose();
  return logits!.data as Float32Array;
}

/** An adapter as a file gives it back. */
function written(adapted: AdaptedModel): AdapterTensor[] {
  const { tensors, layout } = packAdapter(adapterTensors(adapted));
  return unpackAdapter(structuredClone(tensors), structuredClone(layout), "adapter");
}

/** The parts of stored matrices among them, by their names. */
const apartIn = (adapted: AdaptedModel) =>
  new Map(written(adapted).flatMap((part) => (adapted.stored.has(part.parameter) ? [[part.name, part] as const] : [])));

describe.each(Object.entries(bases))("%s", (_, base) => {
  test.each(Object.entries({ ...inPlace, ...byEvidence }))(
    "%s begin as the checkpoint has them, and change alone",
    async (_, chosen) => {
      const { adapted, checkpoint, runtime, load } = await begun(base, chosen);
      const ofStored = adapted.trained.filter(({ parameter }) => adapted.stored.has(parameter.name));
      expect(ofStored.length).toBeGreaterThan(0);
      expect(adapted.apart).toEqual(new Set(ofStored.map(({ name }) => name)));
      let rounded = 0;
      for (const { selection, parameter, view } of ofStored) {
        const exact = checkpoint.weights[parameter.name]!;
        expect(view.data).toEqual(viewOf(exact, selection).data);
        const near = viewOf(decoded(adapted.stored.get(parameter.name)!), selection).data;
        rounded += view.data.filter((x, i) => x !== near[i]).length;
      }
      expect(rounded).toBeGreaterThan(0);

      const before = { bytes: bytesOf(adapted), weights: structuredClone(adapted.weights) };
      const numbers = adapted.trained.map(({ view }) => view.data.slice());
      await trained(adapted, runtime);
      adapted.trained.forEach(({ view, name }, i) => expect(view.data, name).not.toEqual(numbers[i]));
      expect(bytesOf(adapted)).toEqual(before.bytes);
      expect(bytesOf({ stored: (await load()).stored! })).toEqual(before.bytes);
      const inWeights = new Set(adapted.trained.map(({ parameter }) => parameter.name));
      for (const [name, weight] of Object.entries(before.weights))
        if (!inWeights.has(name)) expect(adapted.weights[name]).toEqual(weight);
    },
  );

  test.each(Object.entries({ ...inPlace, ...byEvidence, ...beside }))(
    "%s come back from an adapter, bit for bit",
    async (_, chosen) => {
      const { attached, adapted, runtime, load } = await begun(base, chosen);
      const untrained = await logitsOf(adapted);
      await trained(adapted, runtime);
      const expected = await logitsOf(adapted);
      expect(expected).not.toEqual(untrained);
      const { weights, stored = new Map() } = await load();
      // The method is attached anew, without evidence.
      const restored = restore({ ...attached, weights, stored }, written(adapted), "adapter");
      expect(await logitsOf(restored)).toEqual(expected);
      expect(apartIn(restored)).toEqual(apartIn(adapted));
    },
  );
});

describe("an adapter that does not fit a stored base is refused in one line", () => {
  const name = "bert.encoder.layer.0.attention.self.query.weight";
  const refused = async (change: (part: AdapterTensor) => AdapterTensor) => {
    const { attached, adapted, load } = await begun(bases["BERT in 8 bits"]!, inPlace["rows"]!);
    const { weights, stored = new Map() } = await load();
    const adapter = written(adapted).map((part) => (part.parameter === name ? change(part) : part));
    return () => restore({ ...attached, weights, stored }, adapter, "file");
  };

  test("of another shape", async () => {
    const values = tensor("float32", [3, 5], new Float32Array(15));
    expect(await refused((part) => ({ ...part, values }))).toThrow(
      new Error(`file: ${name}.rows is [3, 5], its part of ${name} is [3, 32]`),
    );
  });

  test("at places that there are not", async () => {
    expect(await refused((part) => ({ ...part, selection: { axis: 0, indices: [0, 1, 32] } }))).toThrow(
      new Error(`file: ${name}.rows has index 32, ${name} has 32 along axis 0`),
    );
  });

  test("of another model", async () => {
    expect(await refused((part) => ({ ...part, parameter: "other.weight" }))).toThrow(
      new Error(`file: ${name}.rows belongs to other.weight, which the model does not have`),
    );
  });
});

test("a matrix that an adapter brings whole is read as it has it", async () => {
  const { attached, load } = await begun(bases["LLaMA in 4 bits"]!, inPlace["rows"]!);
  const name = "model.layers.1.mlp.up_proj.weight";
  const { weights, stored = new Map() } = await load();
  const matrix = decoded(stored.get(name)!);
  const values = tensor(
    "float32",
    matrix.shape,
    matrix.data.map((x) => x + 1),
  );
  const whole: AdapterTensor = { name, parameter: name, selection: null, values };
  const rest = written(adapt({ ...attached, weights, stored })).filter(({ parameter }) => parameter !== name);
  const expected = restore({ ...attached, ...writtenInto({ weights, stored }, name, values) }, rest, "file");
  const restored = restore({ ...attached, weights, stored }, [...rest, whole], "file");
  expect(await logitsOf(restored)).toEqual(await logitsOf(expected));
});

/** A base that has one matrix as float32. */
function writtenInto({ weights, stored }: Required<BaseWeights>, name: string, matrix: Weights[string]): BaseWeights {
  return {
    weights: { ...weights, [name]: matrix },
    stored: new Map([...stored].filter(([other]) => other !== name)),
  };
}

describe("without the numbers of the checkpoint", () => {
  test("trained parts begin as what is stored", async () => {
    const { attached, load } = await begun(bases["BERT in 8 bits"]!, inPlace["both"]!);
    const { weights, stored = new Map() } = await load();
    const adapted = adapt({ ...attached, weights, stored });
    for (const { parameter, selection, view } of adapted.trained)
      if (stored.has(parameter.name))
        expect(view.data).toEqual(viewOf(decoded(stored.get(parameter.name)!), selection).data);
  });

  test("the memory of each part is its own, not the stored matrix's nor another model's", async () => {
    const { attached, load, first } = await begun(bases["BERT in 8 bits"]!, inPlace["rows"]!);
    const { weights, stored = new Map() } = await load();
    const [one, other] = [
      adapt({ ...attached, weights, stored }, 0, first),
      adapt({ ...attached, weights, stored }, 0, first),
    ];
    const part = one.trained.find(({ parameter }) => stored.has(parameter.name))!;
    const before = part.view.data.slice();
    part.view.data.fill(9);
    part.view.commit();
    expect(first.get(part.name)).toEqual(before);
    expect(other.trained.find(({ name }) => name === part.name)!.view.data).toEqual(before);
    expect(one.feeds[part.name]!.data).toBe(part.view.data);
  });
});

test.each(Object.entries({ both: inPlace["both"]!, lora: beside["lora"]! }))(
  "%s: merged weights are what is stored and what is trained",
  async (_, chosen) => {
    const { attached, adapted, runtime } = await begun(bases["GPT-2 in 8 bits"]!, chosen);
    await trained(adapted, runtime);
    const weights: Weights = structuredClone({
      ...adapted.weights,
      ...Object.fromEntries([...adapted.stored].map(([name, matrix]) => [name, decoded(matrix)])),
    });
    for (const { parameter, selection, view } of adapted.trained) {
      const target = viewOf(weights[parameter.name]!, selection);
      target.data.set(view.data);
      target.commit();
    }
    const inFloats = adapt({
      ...attached,
      weights: Object.fromEntries(attached.specs.map(({ name }) => [name, weights[name]!])),
    });
    for (const { name } of attached.attachment.added) inFloats.weights[name]!.data.set(weights[name]!.data);
    const [merged, expected] = [await mergedWeights(adapted, runtime), await mergedWeights(inFloats, native)];
    expect(Object.keys(merged)).toEqual(attached.specs.map(({ name }) => name));
    expect(merged).toEqual(expected);
  },
);

test("weights drawn at random are stored as those that are read", async () => {
  const attached = wideAttachment("bert-classification", {});
  const schemeOf = storedAs("int8")(attached);
  const { weights, stored } = inFewBits(randomWeights(attached.specs, 7), attached.specs, schemeOf);
  const read = await loadWeights(attached.model, attached.specs, checkpointOf(attached), { seed: 0, schemeOf });
  expect(weights).toEqual(read.weights);
  expect(bytesOf({ stored })).toEqual(bytesOf({ stored: read.stored! }));
  expect([...Object.keys(weights), ...stored.keys()].toSorted()).toEqual(
    attached.specs.map(({ name }) => name).toSorted(),
  );
});
