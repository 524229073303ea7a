import { afterAll, describe, expect, test } from "vitest";
import { worstDifference } from "../../../test/draw.ts";
import { tinyData, tinyModel } from "../../../test/tiny-training.ts";
import { array64, type Array64 } from "../../interpret/array.ts";
import { interpret } from "../../interpret/interpret.ts";
import { scopeOf } from "../../nn/parameters.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import { random } from "../../tensor/random.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { baseTable, forward, modelInputs } from "../forward.ts";
import { evaluationPass } from "../step.ts";
import type { Program } from "../../runtime/runtime.ts";
import type { Encoding } from "../../data/tokenizer.ts";
import type { Batch, Objective } from "../objective.ts";
import { causalLanguageModel, EVALUATION_PROBABILITY, mask, maskedLanguageModel } from "./language-model.ts";

const special = [0, 1, 2, 3, 4];
const vocabulary = { size: 50, maskTokenId: 4, specialTokenIds: new Set(special) };
const padTokenId = 1;

describe("masking", () => {
  /** A text of words between the special tokens 0 and 2, with 3 in its middle. */
  const text = (length: number, stream = random(0, "text")) =>
    Int32Array.from({ length }, (_, i) =>
      i === 0 ? 0 : i === length - 1 ? 2 : i === length >> 1 ? 3 : 5 + stream.integer(45),
    );
  const words = (ids: Int32Array) => [...ids.keys()].filter((i) => !special.includes(ids[i]!));

  /** That so many of `n` are drawn with probability p, within five standard deviations. */
  const expectShare = (count: number, n: number, p: number) =>
    expect(Math.abs(count - n * p)).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)));

  test.each([0.15, 0.4])(
    "asks for a share of %d; of ten, eight are masked, one is replaced, one is kept",
    (probability) => {
      const stream = random(1, "masking");
      const counts = { words: 0, asked: 0, masked: 0, kept: 0 };
      const replacements = new Map<number, number>();
      for (let n = 0; n < 200; n++) {
        const original = text(502, stream);
        const { ids, positions } = mask(original, vocabulary, probability, stream);
        counts.words += words(original).length;
        counts.asked += positions.length;
        for (const position of positions) {
          const [before, after] = [original[position]!, ids[position]!];
          if (after === vocabulary.maskTokenId) counts.masked++;
          else if (after === before) counts.kept++;
          else replacements.set(after, (replacements.get(after) ?? 0) + 1);
        }
      }
      const { size } = vocabulary;
      expectShare(counts.asked, counts.words, probability);
      // A token drawn at random may be the mask, or the one it replaces.
      expectShare(counts.masked, counts.asked, 0.8 + 0.1 / size);
      expectShare(counts.kept, counts.asked, 0.1 + 0.1 / size);
      // Any token of the vocabulary may come, all as often; the words a little less, for some of them replace themselves.
      for (let token = 0; token < size; token++) {
        const share = (0.1 / size) * (token < 5 ? 1 : 44 / 45);
        if (token !== vocabulary.maskTokenId) expectShare(replacements.get(token) ?? 0, counts.asked, share);
      }
      expect(Math.max(...replacements.keys())).toBe(size - 1);
    },
  );

  test("tells the tokens that belong where it asks, and leaves the others as they are", () => {
    const original = text(60);
    const copy = original.slice();
    const { ids, positions, tokens } = mask(original, vocabulary, 0.3, random(2));
    expect(original).toEqual(copy);
    expect(positions.length).toBeGreaterThan(5);
    expect(tokens).toEqual(positions.map((position) => original[position]));
    expect([...positions].toSorted((a, b) => a - b)).toEqual([...new Set(positions)]);
    for (const i of original.keys()) if (!positions.includes(i)) expect(ids[i]).toBe(original[i]);
  });

  test("never asks for a special token", () => {
    const original = text(60);
    expect(mask(original, vocabulary, 1, random(3)).positions).toEqual(words(original));
    for (const only of [[0, 2], [0, 3, 1, 2], []]) {
      const ids = Int32Array.from(only);
      expect(mask(ids, vocabulary, 1, random(3))).toEqual({ ids, positions: [], tokens: [] });
    }
  });

  test("asks for one token at least", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { positions, tokens } = mask(Int32Array.of(0, 2, 17, 18, 2), vocabulary, 1e-9, random(seed));
      expect({ positions, tokens }).toEqual({ positions: [2], tokens: [17] });
    }
  });
});

const adapted = await tinyModel("roberta-mlm", { method: "full", head: "masked-language-model" });
const data = tinyData(9);
const runtime = await nativeRuntime({ threads: 1 });
const masked = maskedLanguageModel(vocabulary, 0.3);
const objectives = { masked, causal: causalLanguageModel };
const programs = {
  masked: await runtime.compile(evaluationPass(adapted, masked.evaluation)),
  causal: await runtime.compile(evaluationPass(adapted, causalLanguageModel.evaluation)),
};
afterAll(async () => {
  for (const program of Object.values(programs)) await program.dispose();
});
const stream = () => random(7, "batch");
const batchOf = (objective: Objective, ...examples: number[]) =>
  objective.batch(data, Int32Array.from(examples), { padTokenId, stream: stream() });
const numbers = ({ data }: Tensor) => Array.from(data, Number);

describe("a batch", () => {
  /** Two sequences, of 3 and 5 tokens. */
  const pair = {
    ...data,
    encodings: [
      [9, 8, 7],
      [5, 6, 7, 8, 9],
    ].map((ids) => ({ ids: Int32Array.from(ids), typeIds: new Uint8Array(ids.length).fill(1), removed: 0 })),
  };

  test("of causal language modelling asks for every token but the first, and never for padding", () => {
    const { feeds, terms } = causalLanguageModel.batch(pair, Int32Array.of(1, 0), { padTokenId, stream: stream() });
    const shown = Object.entries(feeds).map(([name, x]) => [name, `[${x.shape.join(", ")}] ${numbers(x).join(" ")}`]);
    expect(Object.fromEntries(shown)).toEqual({
      input_ids: "[2, 5] 5 6 7 8 9 9 8 7 1 1",
      attention_mask: "[2, 5] 1 1 1 1 1 1 1 1 0 0",
      token_type_ids: "[2, 5] 1 1 1 1 1 1 1 1 0 0",
      positions: "[6] 0 1 2 3 5 6",
      labels: "[6] 6 7 8 9 8 7",
    });
    expect(terms).toBe(6);
  });

  test("of causal language modelling asks for what an encoding says, and never for its first token", () => {
    const [first, second] = pair.encodings as [Encoding, Encoding];
    const encodings = [
      { ...first, asked: Uint8Array.of(0, 0, 1) },
      { ...second, asked: Uint8Array.of(1, 0, 1, 1, 0) },
    ];
    const { feeds, terms } = causalLanguageModel.batch({ ...pair, encodings }, Int32Array.of(0, 1), {
      padTokenId,
      stream: stream(),
    });
    expect([numbers(feeds["positions"]!), numbers(feeds["labels"]!), terms]).toEqual([[1, 6, 7], [7, 7, 8], 3]);
  });

  test("of masked language modelling asks for tokens where they stood, whatever the order of the examples", () => {
    const examples = [4, 0, 7];
    const { feeds, terms } = batchOf(masked, ...examples);
    const { input_ids, positions, labels } = feeds as Record<string, Tensor>;
    const width = input_ids!.shape[1]!;
    const originals = examples.flatMap((example) => {
      const ids = [...data.encodings[example]!.ids];
      return [...ids, ...Array<number>(width - ids.length).fill(NaN)];
    });
    const asked = numbers(positions!);
    expect(numbers(labels!)).toEqual(asked.map((position) => originals[position]));
    expect(terms).toBe(asked.length);
    expect(new Set(asked.map((position) => Math.floor(position / width)))).toEqual(new Set([0, 1, 2]));
    numbers(input_ids!).forEach((id, i) => {
      if (!asked.includes(i)) expect(id).toBe(Number.isNaN(originals[i]) ? padTokenId : originals[i]);
    });
  });

  test("is drawn from its stream, and the data stays as it is", () => {
    const before = JSON.stringify(data.encodings.map(({ ids }) => [...ids]));
    const drawn = (seed: number) => masked.batch(data, Int32Array.of(0, 1, 2, 3), { padTokenId, stream: random(seed) });
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
    expect(JSON.stringify(data.encodings.map(({ ids }) => [...ids]))).toBe(before);
  });
});

const asArray = (x: Tensor): Array64 => array64(x.shape, numbers(x));
const asArrays = (feeds: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, asArray(x)]));
const weights64 = asArrays(adapted.weights);

/** −log p of each token that a batch asks for, in float64, from the logits of all positions. */
function termsOf({ feeds }: Batch, causal: boolean): number[] {
  const scope = scopeOf(baseTable(adapted));
  const hidden = adapted.model.body(scope, modelInputs(), { causal });
  const logits = adapted.head.forward(scope, hidden, { labels: 0, inputs: modelInputs() });
  const [{ shape, data } = array64([])] = interpret([logits], { ...weights64, ...asArrays(feeds) });
  const width = shape.at(-1)!;
  return numbers(feeds["positions"]!).map((position, i) => {
    const row = data.slice(position * width, (position + 1) * width);
    const logOfSum = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    return logOfSum - row[numbers(feeds["labels"]!)[i]!]!;
  });
}
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe.each(["masked", "causal"] as const)("the %s loss", (name) => {
  test("is the mean cross-entropy of the tokens asked for, given the logits of every position", async () => {
    const batch = batchOf(objectives[name], 0, 1, 2, 5);
    const expected = mean(termsOf(batch, name === "causal"));
    const loss = objectives[name].loss(forward(adapted, baseTable(adapted), { training: true }));
    expect(loss.shape).toEqual([]);
    expect(interpret([loss], { ...weights64, ...asArrays(batch.feeds) })[0]!.data[0]).toBeCloseTo(expected, 12);
    const results = await programs[name].run({ ...adapted.weights, ...batch.feeds });
    expect(worstDifference(results["loss"]!.data, [expected])).toBeLessThan(1e-6);
    // Not what the other way of looking gives.
    expect(Math.abs(mean(termsOf(batch, name !== "causal")) - expected)).toBeGreaterThan(1e-3);
  });
});

test("a later token changes no term of the positions before it, to the last bit; it changes those from it on", async () => {
  const sequence = Int32Array.of(0, 11, 12, 13, 14, 15, 2);
  const termsWith = async (changed: number, token: number) => {
    const ids = sequence.slice();
    ids[changed] = token;
    const one = { ...data, encodings: [{ ids, typeIds: new Uint8Array(7), removed: 0 }] };
    const { feeds } = causalLanguageModel.batch(one, Int32Array.of(0), { padTokenId, stream: stream() });
    // The tokens asked for stay, so that only what is read differs.
    const ask = async (position: number) => {
      const [positions, labels] = [position, sequence[position + 1]!].map((n) =>
        tensor("int64", [1], BigInt64Array.of(BigInt(n))),
      );
      const asked = { positions: positions!, labels: labels! };
      return Number((await programs.causal.run({ ...adapted.weights, ...feeds, ...asked }))["loss"]!.data[0]);
    };
    const terms: number[] = [];
    for (let position = 0; position < 6; position++) terms.push(await ask(position));
    return terms;
  };
  const before = await termsWith(0, 0);
  for (const changed of [1, 3, 5]) {
    const after = await termsWith(changed, 30);
    expect(after.map((term, i) => term === before[i])).toEqual(before.map((_, i) => i < changed));
  }
});

const score = (
  name: keyof typeof objectives,
  batchSize: number,
  settings: { objective?: Objective; signal?: AbortSignal } = {},
) => {
  const { objective = objectives[name], signal } = settings;
  return objective.score(programs[name], adapted.weights, data, { batchSize, padTokenId, metrics: [], signal });
};

describe.each(["masked", "causal"] as const)("the scores of a %s language model", (name) => {
  test("are the loss and its exponential, the same twice, and for every size of batch", async () => {
    const first = await score(name, 4);
    expect(first).toEqual({ loss: first["loss"], perplexity: Math.exp(first["loss"]!) });
    expect(await score(name, 4)).toEqual(first);
    for (const batchSize of [1, 2, 9, 64])
      expect((await score(name, batchSize))["loss"]).toBeCloseTo(first["loss"]!, 5);
  });

  test.each([1, 4, 64])("are of as many tokens as batches of %d ask for", async (batchSize) => {
    let asked = 0;
    const counting: Program = {
      ...programs[name],
      run: (feeds) => {
        asked += feeds["labels"]!.data.length;
        return programs[name].run(feeds);
      },
    };
    await objectives[name].score(counting, adapted.weights, data, { batchSize, padTokenId, metrics: [] });
    expect(objectives[name].tokens!(data, batchSize)).toBe(asked);
  });

  test("stop at a signal, with its reason", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(score(name, 4, { signal })).rejects.toThrow("enough");
  });
});

test("the loss of data is the mean over all tokens asked for, not over sequences", async () => {
  const terms = data.encodings.flatMap((_, i) => termsOf(batchOf(causalLanguageModel, i), true));
  expect((await score("causal", 4))["loss"]).toBeCloseTo(mean(terms), 5);
});

test("the share that is masked in training does not count in evaluation", async () => {
  expect(EVALUATION_PROBABILITY).toBe(0.15);
  const objective = maskedLanguageModel(vocabulary, 0.9);
  expect(await score("masked", 4, { objective })).toEqual(await score("masked", 4));
});

test("nor do words", async () => {
  const objective = maskedLanguageModel({ ...vocabulary, goesOn: (token) => token % 2 === 0 }, 0.15);
  expect(await score("masked", 4, { objective })).toEqual(await score("masked", 4));
});

test("a sequence of special tokens alone, which asks for nothing, changes no score", async () => {
  const encodings = [...data.encodings, { ids: Int32Array.of(0, 2), typeIds: new Uint8Array(2), removed: 0 }];
  const more = { ...data, encodings, lengths: Int32Array.from(encodings, ({ ids }) => ids.length) };
  const options = { batchSize: 1, padTokenId, metrics: [] };
  expect(await masked.score(programs.masked, adapted.weights, more, options)).toEqual(await score("masked", 1));
});
