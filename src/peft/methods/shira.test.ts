import { describe, expect, test } from "vitest";
import { tinyAttachment, tinyModel } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { isEntries } from "../../tensor/view.ts";
import { optimizerParameters } from "../../train/adapt.ts";
import type { Attachment } from "../method.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { shira, type ShiraOptions } from "./shira.ts";

function attach(specs: readonly ParameterSpec[], options: Partial<ShiraOptions> = {}, seed = 0): Attachment {
  return shira.attach(specs, methodOptions(shira, { ...options }) as ShiraOptions, random(seed, "selection"));
}

describe("counts: r · (in + out) for each matrix", () => {
  test.each<[string, readonly ParameterSpec[], Partial<ShiraOptions>, number]>([
    ["RoBERTa-base", robertaBase, {}, 1_179_648],
    ["RoBERTa-base, as many as LoRA's 8", robertaBase, { rank: 8 }, 294_912],
    ["RoBERTa-large, as many as LoRA's 8", robertaLarge, { rank: 8, mask_type: "struct" }, 786_432],
    ["RoBERTa-base, largest weights", robertaBase, { rank: 8, mask_type: "wm" }, 294_912],
  ])("%s", (_, specs, options, count) => expect(countOf(attach(specs, options))).toBe(count));

  test("the head comes on top, whole", () => expect(countOf(attach(robertaBase, { rank: 1 }), true)).toBe(592_130));
});

const { specs } = tinyAttachment("bert-classification");

/** The entries that are trained of each matrix, by its name. */
const entriesOf = ({ trained }: Pick<Attachment, "trained">) =>
  new Map(
    trained.flatMap(({ parameter, selection }) =>
      isEntries(selection) ? [[parameter.name, [...selection.entries]] as const] : [],
    ),
  );

test.each(
  (["rand", "struct", "wm"] as const).flatMap((mask_type) =>
    [1, 2, 5].map((rank) => ({ mask_type, rank, target_modules: ["all-linear"] })),
  ),
)("$mask_type, rank $rank: distinct entries of each matrix, in rising order", (options) => {
  const attachment = attach(specs, options);
  expect(attachment.targets).toHaveLength(12);
  for (const { name, parameter, selection, shape } of attachment.trained) {
    if (!isEntries(selection)) continue;
    const [out, inner] = parameter.shape as [number, number];
    const entries = [...selection.entries];
    expect([name, shape]).toEqual([`${parameter.name}.entries`, [options.rank * (out + inner)]]);
    expect(entries).toEqual([...new Set(entries)].sort((a, b) => a - b));
    expect(entries.length).toBe(shape[0]);
    expect(entries[0]! >= 0 && entries.at(-1)! < out * inner).toBe(true);
  }
});

test("the mask is the seed's where it is random, and every matrix has one of its own", () => {
  const [one, again, other] = [0, 0, 1].map((seed) => entriesOf(attach(specs, { rank: 2 }, seed)));
  expect(again).toEqual(one);
  for (const [name, entries] of one!) expect(other!.get(name)).not.toEqual(entries);
  expect(new Set([...one!.values()].map(String)).size).toBe(4);
});

test("a structured mask is the diagonal, and rows from the whole height of the matrix", () => {
  // 2 · (16 + 16) entries: the 16 of the diagonal, then 15 of each of rows 0, 4 and 8, and 3 of row 12.
  const square = entriesOf(attach(specs, { rank: 2, mask_type: "struct" }))
    .values()
    .next().value!;
  const expected = Array.from({ length: 256 }, (_, at) => at).filter((at) => {
    const [row, column] = [Math.floor(at / 16), at % 16];
    return row === column || [0, 4, 8].includes(row) || (row === 12 && column < 3);
  });
  expect(square).toEqual(expected);
});

test("by magnitude, no weight that is left out is larger than one that is trained", async () => {
  const adapted = await tinyModel("bert-classification", { method: "shira", options: { rank: 3, mask_type: "wm" } });
  const masks = entriesOf(adapted.attachment);
  expect(masks.size).toBe(4);
  for (const [name, entries] of masks) {
    const sizes = [...adapted.weights[name]!.data].map(Math.abs);
    const chosen = new Set(entries);
    const of = (isChosen: boolean) => sizes.filter((_, at) => chosen.has(at) === isChosen);
    expect([of(true).length, Math.min(...of(true)) >= Math.max(...of(false))]).toEqual([96, true]);
  }
});

test("weights alone are asked for, and only where they decide", () => {
  const kindOf = (options: Partial<ShiraOptions>) =>
    shira.evidence!(methodOptions(shira, { ...options }) as ShiraOptions);
  expect(kindOf({})).toBeNull();
  expect(kindOf({ mask_type: "struct" })).toBeNull();
  expect(kindOf({ mask_type: "wm" })).toEqual({ kind: "weights" });
});

test("trains in place: the entries begin as the weights are, and weight decay spares them", async () => {
  const adapted = await tinyModel("bert-classification", { method: "shira", options: { rank: 2 } });
  for (const { parameter, selection, view } of adapted.trained)
    if (isEntries(selection))
      expect([...view.data]).toEqual([...selection.entries].map((at) => adapted.weights[parameter.name]!.data[at]));
  const decaying = optimizerParameters(adapted).filter(({ decay }) => decay);
  expect(decaying.map(({ name }) => name).filter((name) => name.endsWith(".entries"))).toEqual([]);
  expect(decaying.length).toBeGreaterThan(0);
});

test("more entries than a matrix has are refused in one line", () => {
  expect(() => attach(specs)).toThrow(
    new Error(
      "rank: 32 trains 1024 entries a matrix, above the 256 of bert.encoder.layer.0.attention.self.query.weight [16, 16]",
    ),
  );
});
