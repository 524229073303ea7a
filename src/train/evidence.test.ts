import { describe, expect, test } from "vitest";
import { tinyAttachment, tinyData, tinyModel, tinyTraining } from "../../test/tiny-training.ts";
import { collate } from "../data/collate.ts";
import type { EncodedDataset } from "../data/encode.ts";
import type { Value } from "../graph/value.ts";
import { array64, type Array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { inputTable, scopeOf } from "../nn/parameters.ts";
import type { EvidenceKind } from "../peft/evidence.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type EvidenceSource, gatherEvidence } from "./evidence.ts";
import { forward, modelInputs, reparameterizedTable } from "./forward.ts";
import { labelObjectives } from "./objectives/labels.ts";

const runtime = await nativeRuntime({ threads: 1 });
const fixtures = ["bert-classification", "roberta-classification"];
const padTokenId = 1;

async function sourceOf(fixture: string, train: EncodedDataset, batchSize = 4): Promise<EvidenceSource> {
  const base = await tinyModel(fixture, { method: "head" });
  return { base, runtime, train, options: { ...tinyTraining, padTokenId, batchSize } };
}

const as64 = ({ shape, data }: Tensor): Array64 => array64(shape, Float64Array.from(data as Float32Array, Number));
const all64 = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, as64(tensor)]));

/** The examples that are taken, one batch each, without padding. */
function examplesOf({ train, options }: EvidenceSource, samples: number) {
  const order = random(options.seed, "evidence").permutation(train.lengths.length);
  return [...order.slice(0, samples)].map((i) =>
    all64({ ...collate([train.encodings[i]!], { padTokenId, labels: [train.labels[i]!] }) }),
  );
}

describe.each(fixtures)("%s", (fixture) => {
  const data = tinyData(12);

  test("norms are those of what goes in and out of each linear module, over words alone", async () => {
    const source = await sourceOf(fixture, data);
    const { norms, weights } = await gatherEvidence({ kind: "activations", samples: 7 }, source);
    expect(weights).toBe(source.base.weights);

    const { model, head, labels, specs } = source.base;
    const seen = new Map<string, readonly [Value, Value]>();
    const scope = scopeOf(inputTable(specs), {
      linear({ module, input, output }) {
        seen.set(module, [input, output]);
        return output;
      },
    });
    head.forward(scope, model.body(scope, modelInputs()), { labels, inputs: modelInputs() });
    const linear = specs.filter(({ role }) => role === "linear").map(({ name }) => name.replace(/\.weight$/, ""));
    expect([...norms!.keys()].toSorted()).toEqual(linear.toSorted());

    const values = [...seen.values()].flat();
    const squares = values.map(({ shape }) => new Array<number>(Number(shape.at(-1))).fill(0));
    for (const example of examplesOf(source, 7)) {
      const arrays = interpret(values, { ...all64(weights), ...example });
      arrays.forEach(({ data: numbers }, v) =>
        numbers.forEach((x, at) => (squares[v]![at % squares[v]!.length]! += x * x)),
      );
    }
    [...seen.keys()].forEach((module, m) => {
      const { input, output } = norms!.get(module)!;
      [input, output].forEach((found, side) => {
        const expected = squares[2 * m + side]!.map(Math.sqrt);
        expect(found).toHaveLength(expected.length);
        found.forEach((norm, i) => expect(Math.abs(norm / expected[i]! - 1), module).toBeLessThan(1e-4));
      });
    });
  });

  test.each(["square", "absolute"] as const)("Fisher information, %s, is that of differences", async (power) => {
    const source = await sourceOf(fixture, data);
    const { fisher } = await gatherEvidence({ kind: "fisher", samples: 5, power }, source);
    const { specs, weights } = source.base;
    expect([...fisher!.keys()]).toEqual(specs.map(({ name }) => name));

    const attached = { ...source.base, attachment: tinyAttachment(fixture, { method: "head" }).attachment };
    const table = reparameterizedTable(attached, { training: true });
    const loss = labelObjectives.classification.loss(forward(attached, table, { training: true }));
    const feeds = all64(weights);
    const draw = random(0, "entries");
    const examples = examplesOf(source, 5);
    for (const spec of specs.filter((_, i) => i % 4 === 0)) {
      const numbers = feeds[spec.name]!.data;
      const entry = draw.integer(numbers.length);
      const slopes = examples.map((example) => {
        const lossAt = (step: number) => {
          const before = numbers[entry]!;
          numbers[entry] = before + step;
          const [value] = interpret([loss], { ...feeds, ...example });
          numbers[entry] = before;
          return value!.data[0]!;
        };
        return (lossAt(1e-4) - lossAt(-1e-4)) / 2e-4;
      });
      const expected = slopes.reduce((sum, slope) => sum + (power === "square" ? slope * slope : Math.abs(slope)), 0);
      const found = fisher!.get(spec.name)![entry]!;
      expect(Math.abs(found - expected), spec.name).toBeLessThan(1e-3 * expected + 1e-7);
    }
  });

  test.each<Exclude<EvidenceKind, { kind: "weights" }>>([
    { kind: "activations", samples: 100 },
    { kind: "fisher", samples: 100, power: "square" },
  ])("%j takes all examples there are, and the same each time", async (kind) => {
    const source = await sourceOf(fixture, data);
    const all = await gatherEvidence(kind, source);
    expect(await gatherEvidence(kind, source)).toEqual(all);
    expect(await gatherEvidence({ ...kind, samples: 12 }, source)).toEqual(all);
    expect(await gatherEvidence({ ...kind, samples: 11 }, source)).not.toEqual(all);
  });
});

test("the weights alone need no data", async () => {
  const source = await sourceOf(fixtures[0]!, tinyData(1));
  expect(await gatherEvidence({ kind: "weights" }, source)).toEqual({ weights: source.base.weights });
});

test("gathering ends when it is aborted", async () => {
  const source = await sourceOf(fixtures[0]!, tinyData(3));
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await expect(
    gatherEvidence({ kind: "activations", samples: 3 }, { ...source, signal: controller.signal }),
  ).rejects.toThrow("enough");
});
