/** Base models in few bits as runs use them: made once, kept on this machine, mapped when they are read. */
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { readJson } from "../../test/fixtures.ts";
import { makeSst2, makeTinyModel, scratchFolder } from "../../test/tiny-model.ts";
import { tinyData } from "../../test/tiny-training.ts";
import { parseGguf } from "../formats/gguf.ts";
import { encodeSafetensors } from "../formats/safetensors.ts";
import type { HeadName } from "../models/architecture.ts";
import { modelOf } from "../models/registry.ts";
import { turned } from "../models/weights.ts";
import type { Attachment } from "../peft/method.ts";
import { methodOf, methodOptions } from "../peft/registry.ts";
import { int4 } from "../quantization/int4.ts";
import type { StoredMatrices } from "../quantization/over-stored.ts";
import { type Quantization, schemeOf } from "../quantization/registry.ts";
import { overQuantizedBase } from "../quantization/runtime.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import { adapt } from "../train/adapt.ts";
import { inFewBits, parametersOf, randomWeights } from "../train/load.ts";
import { labelObjectives } from "../train/objectives/labels.ts";
import { forwardPass, trainingStep } from "../train/step.ts";
import { baseWeights, firstNumbers } from "./base.ts";
import { openRun } from "./classifier.ts";
import type { RunEvent } from "./events.ts";
import { fineTune } from "./fine-tune.ts";
import { openModel, type OpenModel } from "./prepare.ts";

const scratch = scratchFolder();
const settings = { init: "pretrained", seed: 3, ignore_mismatched_sizes: true } as const;
const { classification } = labelObjectives;

const before = process.env["HF_HOME"];
let home = "";
beforeEach(() => {
  home = process.env["HF_HOME"] = mkdtempSync(join(scratch, "home-"));
});
afterAll(() => {
  if (before === undefined) delete process.env["HF_HOME"];
  else process.env["HF_HOME"] = before;
});
const keptFiles = () => readdirSync(join(home, "rocoft"));

/** A model folder with random weights, all widths of which are of whole blocks. */
function wideModel(fixture: string): string {
  const wide = { hidden_size: 32, intermediate_size: 64, n_embd: 32, initializer_range: 0.2 };
  const folder = makeTinyModel(join(scratch, fixture), fixture, wide);
  const model = modelOf({ ...readJson<Record<string, unknown>>("models", fixture, "config.json"), ...wide }, fixture);
  const specs = parametersOf(model, model.heads["sequence-classification"]!, 3);
  const { weights } = randomWeights(specs, 1);
  const tensors = specs.map((spec) => [spec.name, turned(spec, weights[spec.name]!)] as const);
  writeFileSync(join(folder, "model.safetensors"), Buffer.concat(encodeSafetensors(new Map(tensors))));
  return folder;
}
const folders = Object.fromEntries(
  ["bert-classification", "llama-classification", "gpt2-classification"].map((name) => [name, wideModel(name)]),
);

/** A model opened, and the names of the tensors that are read of it. */
async function opened(folder: string, head: HeadName = "sequence-classification") {
  const model = await openModel(folder, { revision: "main", head, labels: 3 });
  onTestFinished(() => model.folder.close());
  const read: string[] = [];
  const readInto: typeof model.folder.readInto = (name, target) => {
    read.push(name);
    return model.folder.readInto(name, target);
  };
  const watched: OpenModel = { ...model, folder: { ...model.folder, readInto } };
  return { model: watched, read };
}

function attachmentOf({ specs }: OpenModel, name = "rocoft", options = {}): Attachment {
  const method = methodOf(name);
  return method.attach(specs, methodOptions(method, options), random(0, "selection"));
}

const namesOf = (stored: StoredMatrices | undefined) => [...stored!.keys()].toSorted();

describe.each([
  ["bert-classification", "int8"],
  ["bert-classification", "int4"],
  ["llama-classification", "int8"],
  ["gpt2-classification", "int8"],
  ["gpt2-classification", "int4"],
] as const)("%s as %s", (fixture, quantization) => {
  const folder = folders[fixture]!;

  test("is made once; then nothing is read of the checkpoint but what is float32", async () => {
    const first = await opened(folder);
    const made = await baseWeights(first.model, { ...settings, quantization });
    expect(keptFiles()).toEqual([`${await first.model.folder.hash()}-${quantization}.safetensors`]);
    expect(first.read).toHaveLength(first.model.specs.length);
    expect(new Set(first.read).size).toBe(first.read.length);
    const second = await opened(folder);
    const found = await baseWeights(second.model, { ...settings, quantization });
    expect(second.read).toEqual(Object.keys(found.weights));
    expect(namesOf(found.stored)).toEqual(namesOf(made.stored));
    expect(found.stored!.size).toBeGreaterThan(5);
    expect(found.warnings).toEqual([]);
  });

  test("has the bytes of the scheme in its file", async () => {
    const { model } = await opened(folder);
    const { stored, weights } = await baseWeights(model, { ...settings, quantization });
    const exact = (await baseWeights(model, settings)).weights;
    const schemes = schemeOf(quantization, model.model, { trained: [] });
    expect(namesOf(stored)).toEqual(
      model.specs
        .filter((spec) => schemes(spec))
        .map(({ name }) => name)
        .toSorted(),
    );
    for (const [name, matrix] of stored!)
      for (const [part, { dtype, shape, data }] of Object.entries(matrix.scheme.encode(exact[name]!))) {
        const { path, offset, length } = matrix.parts[part]!.region!;
        expect(matrix.parts[part]!.read()).toEqual({ dtype, shape, data });
        expect(
          readFileSync(path)
            .subarray(offset, offset + length)
            .equals(Buffer.from(data.buffer)),
        ).toBe(true);
      }
    for (const [name, weight] of Object.entries(weights)) expect(weight).toEqual(exact[name]);
  });

  test("answers and trains mapped as in memory, bit for bit, and is not read for that", async () => {
    const { model: open } = await opened(folder);
    const { model, head, labels, specs } = open;
    const attachment = attachmentOf(open, "rocoft", { rank: 2, update: "both" });
    const kept = await baseWeights(open, { ...settings, quantization }, attachment);
    const held = inFewBits(await baseWeights(open, settings), specs, schemeOf(quantization, model, attachment));
    const native = await nativeRuntime({ threads: 1 });
    const results = async (stored: StoredMatrices, weights = kept.weights, mostLaidOut?: number) => {
      const first = await firstNumbers(open, attachment, stored);
      const adapted = adapt({ model, head, labels, specs, attachment, weights, stored }, 0, first);
      const runtime = overQuantizedBase(native, stored, mostLaidOut);
      const batch = classification.batch(tinyData(6), Int32Array.of(0, 1, 2, 3), { padTokenId: 0, stream: random(0) });
      const outputs: object[] = [];
      for (const graph of [forwardPass(adapted), trainingStep(adapted, classification)]) {
        const program = await runtime.compile(graph);
        outputs.push(await program.run({ ...batch.feeds, ...adapted.feeds }));
        await program.dispose();
      }
      return outputs;
    };
    const mapped = await results(unread(kept.stored!), kept.weights, 0);
    expect(mapped[1]).toHaveProperty("loss");
    expect(mapped).toEqual(await results(held.stored, held.weights));
  });
});

/** The same matrices, of which no part may be read into an array. */
function unread(stored: StoredMatrices): StoredMatrices {
  const read = () => {
    throw new Error("a part is read");
  };
  return new Map(
    [...stored].map(([name, { scheme, parts }]) => [
      name,
      {
        scheme,
        parts: Object.fromEntries(Object.entries(parts).map(([part, stays]) => [part, { ...stays, read }])),
      },
    ]),
  );
}

test("what a method trains whole stays float32, what is kept does not depend on it, and nothing is kept for nothing", async () => {
  const folder = folders["bert-classification"]!;
  const quantization = "int8";
  const all = await opened(folder);
  const full = attachmentOf(all.model, "full");
  const whole = await baseWeights(all.model, { ...settings, quantization }, full);
  expect(namesOf(whole.stored)).toEqual([]);
  expect(() => keptFiles()).toThrow("ENOENT");

  const { model } = await opened(folder);
  const trained = full.trained.filter(({ parameter }) => parameter.name.endsWith("query.weight"));
  const some = await baseWeights(model, { ...settings, quantization }, { trained });
  const file = join(home, "rocoft", keptFiles()[0]!);
  const { ino } = statSync(file);
  const none = await baseWeights(model, { ...settings, quantization });
  expect(statSync(file).ino).toBe(ino);
  for (const { parameter } of trained) {
    expect(some.weights[parameter.name]).toEqual(whole.weights[parameter.name]);
    expect(some.stored!.has(parameter.name)).toBe(false);
    expect(none.stored!.has(parameter.name)).toBe(true);
  }
  expect(none.stored!.size).toBe(some.stored!.size + trained.length);
});

test.each([
  ["bert-mlm", ["masked-language-model", "sequence-classification", "question-answering"]],
  ["llama-lm", ["sequence-classification", "causal-language-model"]],
] as const)("the heads of %s share one file", async (fixture, heads) => {
  const folder = makeTinyModel(join(scratch, fixture), fixture);
  const files = new Set<number>();
  for (const head of heads) {
    const { model, read } = await opened(folder, head);
    const { stored, warnings } = await baseWeights(model, { ...settings, quantization: "int8" });
    expect(warnings).toEqual([]);
    if (files.size > 0) expect(read.filter((name) => stored!.has(name))).toEqual([]);
    files.add(statSync(join(home, "rocoft", keptFiles()[0]!)).ino);
  }
  expect(files.size).toBe(1);
});

describe("a GGUF file as int4", () => {
  const path = join(scratch, "llama.gguf");
  const key = "model.layers.1.self_attn.k_proj.weight";
  // Codes without the least of all, which this package's own rounding gives to each block.
  const bytes = readFileSync(join(import.meta.dirname, "../../test/fixtures/gguf/llama.gguf"));
  const { type, begin, end } = parseGguf(bytes, bytes.length, path)!.entries.get("blk.1.attn_k.weight")!;
  for (let block = begin; block < end; block += type.bytes)
    for (let i = 2; i < type.bytes; i++) bytes[block + i]! |= 0x11;
  writeFileSync(path, bytes);

  test("keeps the codes of Q4_0 as they are, whose numbers are then those of float32, and rounds the rest", async () => {
    const { model, read } = await opened(path, "causal-language-model");
    const { stored } = await baseWeights(model, { ...settings, quantization: "int4" });
    expect(read).not.toContain(key);
    const { codes, scales } = stored!.get(key)!.parts;
    const inFile = (await model.folder.readEncoded!(key, "int4", false))!;
    expect([codes!.read(), scales!.read()]).toEqual([inFile["codes"], inFile["scales"]]);
    const rows = (all: Uint8Array, length: number) =>
      Array.from({ length: all.length / length }, (_, i) =>
        Buffer.from(all.subarray(i * length, (i + 1) * length)).toString("hex"),
      );
    // Rows of keys are in another order in the file.
    const blocks = rows(bytes.subarray(begin, end), type.bytes).map((block) => block.slice(4));
    expect(rows(codes!.read().data as Uint8Array, 16).toSorted()).toEqual(blocks.toSorted());
    const exact = (await baseWeights(model, settings)).weights;
    expect(int4.decode(inFile)).toEqual(exact[key]);
    expect(int4.encode(exact[key]!)).not.toEqual(inFile);
    for (const [name, { parts }] of stored!) {
      if (name.endsWith("k_proj.weight")) continue;
      const expected = int4.encode(exact[name]!);
      expect([parts["codes"]!.read(), parts["scales"]!.read()]).toEqual([expected["codes"], expected["scales"]]);
    }
  });

  test("keeps them in memory as well, where no file can be kept", async () => {
    writeFileSync(join(home, "rocoft"), "");
    const { model } = await opened(path, "causal-language-model");
    const { stored, warnings } = await baseWeights(model, { ...settings, quantization: "int4" });
    expect(warnings).toEqual([expect.stringMatching(/cannot be made .*; int4 matrices stay in memory$/)]);
    const { codes, scales } = stored!.get(key)!.parts;
    const inFile = (await model.folder.readEncoded!(key, "int4", false))!;
    expect([codes!.read(), scales!.read()]).toEqual([inFile["codes"], inFile["scales"]]);
    expect(codes!.region).toBe(undefined);
  });
});

describe("a run", () => {
  const model = makeTinyModel(join(scratch, "model"), "bert-headless");
  const data = makeSst2(join(scratch, "sst2"));
  async function trained(name: string, quantization: Quantization = "int8") {
    const output_dir = join(scratch, name);
    const events: RunEvent[] = [];
    const settings = { model, data, task: "sst2", max_steps: 3, threads: 1, max_seq_length: 8, quantization } as const;
    for await (const event of fineTune({ ...settings, output_dir })) events.push(event);
    const ready = events.find((event) => event.type === "ready")!;
    const losses = events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
    const classifier = await openRun(output_dir, { threads: 1 });
    const { scores } = await classifier.evaluate(join(data, "dev.tsv"));
    const { warnings } = classifier;
    await classifier.dispose();
    return { ready: ready.warnings, losses, scores, warnings };
  }

  test("tells of a file that was damaged, of a folder that it cannot write, and is the same in spite of them", async () => {
    const first = await trained("first");
    expect(first).toMatchObject({ ready: [], warnings: [] });
    expect(first.losses).toHaveLength(3);
    const kept = join(home, "rocoft", keptFiles()[0]!);
    const bytes = readFileSync(kept);
    writeFileSync(kept, bytes.subarray(0, -1));
    const second = await trained("second");
    expect(second).toEqual({ ...first, ready: [expect.stringMatching(/ bytes, expected \d+; it is made anew$/)] });
    expect(readFileSync(kept).equals(bytes)).toBe(true);

    process.env["HF_HOME"] = join(scratch, "sst2", "dev.tsv");
    const line = /cannot be made .*; int8 matrices stay in memory$/;
    const third = await trained("third");
    const told = [expect.stringMatching(line)];
    expect(third).toEqual({ ...first, ready: told, warnings: told });
  });
});
