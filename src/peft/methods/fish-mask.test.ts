import { describe, expect, test } from "vitest";
import { tinyAttachment, tinyModel } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { isEntries } from "../../tensor/view.ts";
import type { Evidence } from "../evidence.ts";
import { fishMask, type FishMaskOptions } from "./fish-mask.ts";
import type { Attachment } from "../method.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";

function attach(
  specs: readonly ParameterSpec[],
  options: Partial<FishMaskOptions>,
  { seed = 0, evidence = null }: { seed?: number; evidence?: Evidence | null } = {},
): Attachment {
  const chosen = methodOptions(fishMask, { ...options }) as FishMaskOptions;
  return fishMask.attach(specs, chosen, random(seed, "selection"), evidence);
}

/** The places of what is trained of the body, as `parameter:entry`. */
const placesOf = ({ trained }: Attachment) =>
  trained.flatMap(({ parameter, selection }) =>
    isEntries(selection) ? [...selection.entries].map((entry) => `${parameter.name}:${entry}`) : [],
  );

describe("so many numbers, the head inside the share", () => {
  test.each<[string, readonly ParameterSpec[], Partial<FishMaskOptions>, number]>([
    // ⌊0.005 · 124,647,170⌋ − 592,130, and ⌊0.005 · 355,361,794⌋ − 1,051,650.
    ["RoBERTa-base", robertaBase, {}, 31_105],
    ["RoBERTa-large", robertaLarge, {}, 725_158],
    ["RoBERTa-base by chance", robertaBase, { mask: "random" }, 31_105],
    ["RoBERTa-base, the head beside it", robertaBase, { head_in_budget: false }, 620_275],
  ])("%s", (_, specs, options, expected) => {
    const attachment = attach(specs, options);
    expect(countOf(attachment)).toBe(expected);
    expect(countOf(attachment, true)).toBe(specs === robertaBase ? 592_130 : 1_051_650);
  });
});

const { specs } = tinyAttachment("bert-classification");
const body = specs.filter(({ head }) => !head);
const size = body.reduce((total, { shape }) => total + sizeOf(shape), 0);
const density = 0.1;
const wanted = Math.floor(density * size);
const share = { density, head_in_budget: false };

test("the most informed entries of all parameters together, the head's aside", () => {
  const { normal } = random(1, "information");
  const fisher = new Map(
    specs.map(({ name, shape }) => [name, Float32Array.from({ length: sizeOf(shape) }, () => normal() ** 2)]),
  );
  const all = body.flatMap(({ name }) =>
    [...fisher.get(name)!].map((information, i) => ({ place: `${name}:${i}`, information })),
  );
  const expected = all.toSorted((a, b) => b.information - a.information).slice(0, wanted);
  const found = placesOf(attach(specs, share, { evidence: { weights: {}, fisher } }));
  expect(found).toHaveLength(wanted);
  expect(new Set(found)).toEqual(new Set(expected.map(({ place }) => place)));
});

test("a parameter without an informed entry is left alone", () => {
  const [chosen] = body.filter(({ role }) => role === "linear");
  const fisher = new Map(
    body.map((spec) => [spec.name, new Float32Array(sizeOf(spec.shape)).fill(Number(spec === chosen))]),
  );
  const few = { ...share, density: 100 / size };
  const { trained, targets, untouched } = attach(specs, few, { evidence: { weights: {}, fisher } });
  const parts = trained.filter(({ selection }) => selection !== null);
  expect(parts.map(({ name }) => name)).toEqual([`${chosen!.name}.entries`]);
  expect([targets.length, untouched.length]).toEqual([1, 11]);
  expect(parts[0]!.optimization).toEqual({ decay: false });
});

test("a random mask depends on the seed alone, and takes entries of every parameter as often", () => {
  const places = (seed: number) => placesOf(attach(specs, { ...share, mask: "random" }, { seed }));
  expect(places(0)).toEqual(places(0));
  expect(places(0)).not.toEqual(places(1));
  const counts = new Map(body.map(({ name }) => [name, 0]));
  for (let seed = 0; seed < 100; seed++)
    for (const place of places(seed)) counts.set(place.split(":")[0]!, counts.get(place.split(":")[0]!)! + 1);
  for (const { name, shape } of body) {
    const expected = 100 * density * sizeOf(shape);
    expect(Math.abs(counts.get(name)! - expected), name).toBeLessThan(5 * Math.sqrt(expected * (1 - density)));
  }
});

test("asks for the information it goes by, and for nothing where it goes by chance", () => {
  const asked = (options: Partial<FishMaskOptions>) =>
    fishMask.evidence!(methodOptions(fishMask, { ...options }) as FishMaskOptions);
  expect(asked({})).toEqual({ kind: "fisher", samples: 1024, power: "square" });
  expect(asked({ fisher_samples: 9, fisher_power: "absolute" })).toEqual({
    kind: "fisher",
    samples: 9,
    power: "absolute",
  });
  expect(asked({ mask: "random" })).toBeNull();
});

test("with evidence it trains as many numbers as without, others", async () => {
  const options = { ...share, fisher_samples: 6 };
  const { attachment } = await tinyModel("bert-classification", { method: "fish_mask", options });
  const without = attach(specs, options);
  expect(countOf(attachment)).toBe(countOf(without));
  expect(placesOf(attachment)).not.toEqual(placesOf(without));
  // What no example holds has no information: tokens that do not occur.
  const tokens = placesOf(attachment).flatMap((place) => {
    const [name, entry] = place.split(":");
    return name!.endsWith("word_embeddings.weight") ? [Math.floor(Number(entry) / 16)] : [];
  });
  expect(tokens.length).toBeGreaterThan(10);
  expect(tokens.every((token) => token >= 2 && token < 33)).toBe(true);
});

describe("refuses in one line", () => {
  const head = specs.filter((spec) => spec.head).reduce((total, { shape }) => total + sizeOf(shape), 0);
  test.each<[Partial<FishMaskOptions>, string]>([
    [
      { density: 0.01 },
      `density: 0.01 comes to ${Math.floor(0.01 * (size + head))} parameters, expected more than the ${head} of the head (or head_in_budget false)`,
    ],
    [{ density: 1e-6, head_in_budget: false }, "density: 0.000001 comes to 0 parameters, expected more"],
  ])("%j", (options, message) => expect(() => attach(specs, options)).toThrow(new Error(message)));
});
