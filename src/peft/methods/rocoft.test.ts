import { describe, expect, test } from "vitest";
import { tinyAttachment } from "../../../test/tiny-training.ts";
import type { ParameterSpec, Weights } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { tensor } from "../../tensor/tensor.ts";
import { isEntries } from "../../tensor/view.ts";
import type { Attachment } from "../method.ts";
import type { Evidence, ModuleNorms } from "../evidence.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { rocoft, type RocoftOptions } from "./rocoft.ts";
import { linearModules } from "../targets.ts";

function attach(
  specs: readonly ParameterSpec[],
  options: Partial<RocoftOptions>,
  seed = 0,
  evidence: Evidence | null = null,
): Attachment {
  const chosen = methodOptions(rocoft, { ...options }) as RocoftOptions;
  return rocoft.attach(specs, chosen, random(seed, "selection"), evidence);
}

describe("counts of the paper (Kowsher et al., Table 1)", () => {
  test.each<[string, readonly ParameterSpec[], Partial<RocoftOptions>, number]>([
    ["RoBERTa-base, one row", robertaBase, { rank: 1 }, 82_944],
    ["RoBERTa-base, one column", robertaBase, { rank: 1, update: "column" }, 82_944],
    ["RoBERTa-base, three rows", robertaBase, { rank: 3 }, 248_832],
    ["RoBERTa-base, three columns", robertaBase, { rank: 3, update: "column" }, 248_832],
    ["RoBERTa-base, three of both", robertaBase, { rank: 3, update: "both" }, 2 * 248_832 - 72 * 9],
    ["RoBERTa-base, one row and the biases", robertaBase, { rank: 1, train_bias: true }, 2 * 82_944],
    [
      "RoBERTa-base, three rows of the upper half",
      robertaBase,
      { rank: 3, layers_to_transform: [6, 7, 8, 9, 10, 11] },
      124_416,
    ],
    ["RoBERTa-base, entries as many as three rows have", robertaBase, { rank: 3, update: "entries" }, 248_832],
    // A tenth of each matrix, rounded: 48 of 768 · 768, 24 of 768 · 3072.
    [
      "RoBERTa-base, a tenth of the entries",
      robertaBase,
      { density: 0.1, update: "entries" },
      48 * 58_982 + 24 * 235_930,
    ],
    ["RoBERTa-large, one row", robertaLarge, { rank: 1 }, 221_184],
    ["RoBERTa-large, three rows", robertaLarge, { rank: 3 }, 663_552],
  ])("%s", (_, specs, options, expected) => expect(countOf(attach(specs, options))).toBe(expected));

  test("the head comes on top, whole", () => expect(countOf(attach(robertaBase, {}), true)).toBe(592_130));

  test("by default three rows, the first, of every matrix of the blocks, without biases", () => {
    const { trained, targets, untouched } = attach(robertaBase, {});
    expect([targets.length, untouched]).toEqual([72, []]);
    const sliced = trained.filter(({ selection }) => selection !== null);
    expect(sliced).toHaveLength(72);
    for (const { selection } of sliced) expect(selection).toEqual({ axis: 0, indices: [0, 1, 2] });
    expect(sliced[0]!.name).toBe("roberta.encoder.layer.0.attention.self.query.weight.rows");
    expect(trained.filter(({ parameter }) => parameter.role === "bias" && !parameter.head)).toEqual([]);
  });
});

describe("exactly what the official code trains, the head's part with it", () => {
  test.each<[string, Partial<RocoftOptions>, number]>([
    ["one row", { rank: 1 }, 168_194],
    ["three rows", { rank: 3 }, 336_386],
    ["four rows", { rank: 4 }, 420_098],
    ["one column", { rank: 1, update: "column" }, 167_428],
    ["three columns", { rank: 3, update: "column" }, 334_856],
  ])("%s of RoBERTa-base", (_, options, expected) => {
    const attachment = attach(robertaBase, { ...options, official_parameters: true });
    expect(countOf(attachment) + countOf(attachment, true)).toBe(expected);
  });

  const trainedOf = (options: Partial<RocoftOptions>, from = specs) =>
    attach(from, { rank: 2, official_parameters: true, ...options }).trained.map(({ name }) => name);

  test("of each linear module rows and the bias; no embeddings, no LayerNorms", () => {
    const linear = specs.filter(({ role }) => role === "linear").map(({ name }) => name.replace(/weight$/, ""));
    expect(trainedOf({}).toSorted()).toEqual(
      linear.flatMap((name) => [`${name}weight.rows`, `${name}bias`]).toSorted(),
    );
  });

  test("of targets the head's only where they are named", () => {
    const dense = trainedOf({ target_modules: ["dense"] });
    expect(dense).toContain("bert.pooler.dense.weight.rows");
    expect(dense.filter((name) => name.startsWith("classifier"))).toEqual([]);
    expect(trainedOf({ target_modules: ["query"] })).toHaveLength(4);
    expect(trainedOf({ target_modules: ["all-linear"] })).toEqual(trainedOf({}));
  });

  test("a rank above what there is takes all there is", () => {
    const { trained } = attach(specs, { rank: 20, official_parameters: true });
    const shapes = new Map(trained.map(({ name, shape }) => [name, shape]));
    expect(shapes.get("classifier.weight.rows")).toEqual([3, 16]);
    expect(shapes.get("bert.encoder.layer.0.intermediate.dense.weight.rows")).toEqual([20, 16]);
  });

  test("norms without a bias, and biases without a weight", () => {
    const place = { initializer: "zeros", block: null, head: false, shape: [16] } as const;
    const more: ParameterSpec[] = [
      { ...place, name: "model.norm.weight", role: "norm" },
      { ...place, name: "lm_head.bias", role: "bias" },
    ];
    const names = trainedOf({}, [...specs, ...more]);
    expect(names.filter((name) => !trainedOf({}).includes(name))).toEqual(["model.norm.weight", "lm_head.bias"]);
  });
});

const { specs } = tinyAttachment("bert-classification");
const modules = linearModules(specs);
const everyOption = (["row", "column", "both"] as const).flatMap((update) =>
  (["first", "last", "uniform", "random"] as const).flatMap((select) =>
    [1, 3, 16].flatMap((rank) =>
      [null, ["query", "attention.output.dense"]].flatMap((target_modules) =>
        [false, true].map((train_bias) => ({ update, select, rank, target_modules, train_bias })),
      ),
    ),
  ),
);

test.each(everyOption)("$update, $select, rank $rank, of $target_modules, biases $train_bias", (options) => {
  const { update, select, rank, target_modules, train_bias } = options;
  const attachment = attach(specs, options);
  const chosen = modules.filter(({ name }) => target_modules?.some((end) => name.endsWith(`.${end}`)) ?? true);
  expect(attachment.targets).toEqual(chosen.map(({ name }) => name));
  expect([...attachment.targets, ...attachment.untouched].toSorted()).toEqual(
    modules.map(({ name }) => name).toSorted(),
  );

  const expected = chosen.reduce((total, { weight: { shape } }) => {
    const [out, inner] = shape as [number, number];
    const slices = { row: rank * inner, column: rank * out, both: rank * (out + inner) - rank * rank };
    return total + slices[update] + (train_bias ? out : 0);
  }, 0);
  expect(countOf(attachment)).toBe(expected);

  for (const { name, parameter, shape, selection } of attachment.trained) {
    if (selection === null || isEntries(selection)) continue;
    const { axis, indices } = selection;
    expect(name).toBe(`${parameter.name}.${axis === 0 ? "rows" : "columns"}`);
    expect(shape).toEqual(parameter.shape.with(axis, rank));
    expect(indices).toHaveLength(rank);
    expect([...new Set(indices)].sort((a, b) => a - b)).toEqual(indices);
    expect(indices[0]! >= 0 && indices.at(-1)! < parameter.shape[axis]!).toBe(true);
  }
  const axes = new Set(
    attachment.trained.flatMap(({ selection }) => (selection && !isEntries(selection) ? selection.axis : [])),
  );
  expect([...axes].toSorted()).toEqual({ row: [0], column: [1], both: [0, 1] }[update]);

  const selections = (seed: number) => attach(specs, options, seed).trained.map(({ selection }) => selection);
  expect(selections(0)).toEqual(attachment.trained.map(({ selection }) => selection));
  if (rank < 16) expect(JSON.stringify(selections(1)) === JSON.stringify(selections(0))).toBe(select !== "random");
});

/** Norms of every linear module and weights, at random. */
function evidenceOf(seed: number): Evidence {
  const { normal } = random(seed, "evidence");
  const drawn = (length: number) => Float32Array.from({ length }, normal);
  const weights: Weights = Object.fromEntries(
    specs.map(({ name, shape }) => [name, tensor("float32", shape, drawn(sizeOf(shape)))]),
  );
  const norms = specs
    .filter(({ role }) => role === "linear")
    .map(({ name, shape: [out, inner] }): [string, ModuleNorms] => [
      name.replace(/\.weight$/, ""),
      { input: drawn(inner!).map(Math.abs), output: drawn(out!).map(Math.abs) },
    ]);
  return { weights, norms: new Map(norms) };
}

describe("by importance", () => {
  const evidence = evidenceOf(0);
  const descending = (scores: readonly number[]) => scores.map((_, i) => i).toSorted((a, b) => scores[b]! - scores[a]!);
  const magnitudes = (name: string, [, inner]: readonly number[]) => ({
    at: (i: number, j: number) => Math.abs(evidence.weights[name]!.data[i * inner! + j]!),
    norms: evidence.norms!.get(name.replace(/\.weight$/, ""))!,
  });
  const sum = (n: number, of: (i: number) => number) =>
    Array.from({ length: n }, (_, i) => of(i)).reduce((a, b) => a + b);
  /** Scores, written down once more. */
  const scores = {
    row(name: string, shape: readonly number[]) {
      const { at, norms } = magnitudes(name, shape);
      return Array.from({ length: shape[0]! }, (_, i) => norms.output[i]! * sum(shape[1]!, (j) => at(i, j)));
    },
    column(name: string, shape: readonly number[]) {
      const { at, norms } = magnitudes(name, shape);
      return Array.from({ length: shape[1]! }, (_, j) => norms.input[j]! * sum(shape[0]!, (i) => at(i, j)));
    },
    entries(name: string, shape: readonly number[]) {
      const { at, norms } = magnitudes(name, shape);
      return Array.from({ length: sizeOf(shape) }, (_, e) => {
        const j = e % shape[1]!;
        return at((e - j) / shape[1]!, j) * norms.input[j]!;
      });
    },
  };
  const taken = {
    largest: (order: readonly number[], k: number) => order.slice(0, k),
    smallest: (order: readonly number[], k: number) => order.slice(order.length - k),
    mixed: (order: readonly number[], k: number) => [
      ...order.slice(0, Math.ceil(k / 2)),
      ...order.slice(order.length - Math.floor(k / 2)),
    ],
  };
  const chosenBy = (options: Partial<RocoftOptions>) =>
    attach(specs, options, 0, evidence).trained.flatMap(({ parameter, selection }) =>
      selection ? [{ parameter, indices: isEntries(selection) ? [...selection.entries] : [...selection.indices] }] : [],
    );

  test.each(
    (["row", "column", "entries"] as const).flatMap((update) =>
      (["largest", "smallest", "mixed"] as const).map((select) => ({ update, select })),
    ),
  )("the $select of each matrix, $update", ({ update, select }) => {
    const found = chosenBy({ update, select, rank: 3 });
    expect(found).toHaveLength(modules.length);
    for (const { parameter, indices } of found) {
      const order = descending(scores[update](parameter.name, parameter.shape));
      const count = update === "entries" ? 3 * parameter.shape[1]! : 3;
      expect(indices, parameter.name).toEqual(taken[select](order, count).toSorted((a, b) => a - b));
    }
  });

  test("asks for activations of so many examples, and for nothing where it does not go by scores", () => {
    const asked = (options: Partial<RocoftOptions>) =>
      rocoft.evidence!(methodOptions(rocoft, { ...options }) as RocoftOptions);
    expect(asked({ select: "largest" })).toEqual({ kind: "activations", samples: 200 });
    expect(asked({ select: "mixed", calibration_samples: 9 })).toEqual({ kind: "activations", samples: 9 });
    for (const options of [{}, { select: "random" }, { update: "entries" }] as const) expect(asked(options)).toBeNull();
  });

  test("without evidence counts are the same", () => {
    const options = { update: "both", select: "mixed", rank: 5 } as const;
    expect(countOf(attach(specs, options))).toBe(countOf(attach(specs, options, 0, evidence)));
  });

  test("the official code has column 0 among the columns, in place of the last one chosen", () => {
    let displaced = 0;
    for (const { parameter, indices } of chosenBy({
      update: "column",
      select: "smallest",
      official_parameters: true,
    })) {
      const order = descending(scores.column(parameter.name, parameter.shape)).toReversed();
      const own = order.slice(0, 3);
      if (!own.includes(0)) displaced++;
      expect(indices).toEqual((own.includes(0) ? own : [...own.slice(0, 2), 0]).toSorted((a, b) => a - b));
    }
    expect(displaced).toBeGreaterThan(5);
  });
});

test("entries are random ones by default, others in each matrix, and others of another seed", () => {
  const entriesOf = (seed: number) =>
    attach(specs, { update: "entries", density: 0.2 }, seed).trained.flatMap(({ selection }) =>
      isEntries(selection) ? [[...selection.entries]] : [],
    );
  const [mine, others] = [entriesOf(0), entriesOf(1)];
  expect([mine.length, mine[0]!.length]).toEqual([12, 51]);
  for (const entries of mine) expect(entries).toEqual([...new Set(entries)].toSorted((a, b) => a - b));
  expect(mine[0]).not.toEqual(mine[1]);
  expect([entriesOf(0), mine[0]]).not.toEqual([mine, others[0]]);
  expect(entriesOf(0)).toEqual(mine);
});

describe("refuses in one line", () => {
  test.each<[Partial<RocoftOptions>, string]>([
    [{ rank: 17 }, "rank: 17 is above the 16 rows of bert.encoder.layer.0.attention.self.query.weight [16, 16]"],
    [
      { rank: 17, update: "column", target_modules: ["output.dense"] },
      "rank: 17 is above the 16 columns of bert.encoder.layer.0.attention.output.dense.weight [16, 16]",
    ],
    [
      { rank: 20, update: "both", target_modules: ["intermediate.dense"] },
      "rank: 20 is above the 16 columns of bert.encoder.layer.0.intermediate.dense.weight [28, 16]",
    ],
    [{ density: 0.1 }, "density: is for single entries, expected update entries with it, not row"],
    [
      { target_modules: ["query", "quary"] },
      'target_modules: no module is called "quary", nearest of 13: query, key, value, dense, self.query',
    ],
  ])("%j", (options, message) => expect(() => attach(specs, options)).toThrow(new Error(message)));
});
