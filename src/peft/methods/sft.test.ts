import { describe, expect, test } from "vitest";
import { tinyAttachment } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { isEntries } from "../../tensor/view.ts";
import type { Attachment } from "../method.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase } from "../roberta.cases.ts";
import { sft, type SftOptions } from "./sft.ts";

const attach = (specs: readonly ParameterSpec[], options: Partial<SftOptions>, seed = 0): Attachment =>
  sft.attach(specs, methodOptions(sft, { ...options }) as SftOptions, random(seed, "selection"));

test("each matrix has its part of a share of all parameters", () => {
  // ⌊0.01 · 124,647,170⌋ = 1,246,471, in parts of 1 and 4 of 144, rounded down.
  const attachment = attach(robertaBase, {});
  expect(countOf(attachment)).toBe(48 * 8_656 + 24 * 34_624);
  expect(countOf(attachment, true)).toBe(592_130);
  const query = attach(robertaBase, { target_modules: ["query"], density: 0.001 });
  expect(countOf(query)).toBe(12 * Math.floor(124_647 / 12));
});

const { specs } = tinyAttachment("bert-classification");

test("begins with random entries, which move and do not decay", () => {
  const entriesOf = (seed: number) =>
    attach(specs, { density: 0.1 }, seed).trained.flatMap(({ selection, moves, optimization }) => {
      if (!isEntries(selection)) return [];
      expect([moves, optimization]).toEqual([true, { decay: false }]);
      return [[...selection.entries]];
    });
  const mine = entriesOf(0);
  expect(mine).toHaveLength(12);
  for (const entries of mine) expect(entries).toEqual([...new Set(entries)].toSorted((a, b) => a - b));
  expect(entriesOf(0)).toEqual(mine);
  expect(entriesOf(1)).not.toEqual(mine);
});

describe("refuses in one line", () => {
  test.each<[Partial<SftOptions>, RegExp]>([
    [{ reselection_steps: 5 }, /^selection_accumulation_steps: 5, expected fewer than reselection_steps, 5$/],
    [
      { density: 1e-4 },
      /^density: 0\.0001 comes to 0 of the 256 entries of bert\.encoder\.layer\.0\.attention\.self\.query\.weight$/,
    ],
    [
      { density: 0.5, target_modules: ["0.attention.self.key"] },
      /^density: 0\.5 comes to \d+ of the 256 entries of bert\.encoder\.layer\.0\.attention\.self\.key\.weight$/,
    ],
  ])("%j", (options, message) => expect(() => attach(specs, options)).toThrow(message));
});
