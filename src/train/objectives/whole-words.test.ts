import { describe, expect, test } from "vitest";
import { random } from "../../tensor/random.ts";
import { mask } from "./language-model.ts";

const vocabulary = { size: 50, maskTokenId: 4, specialTokenIds: new Set([0, 1, 2, 3, 4]) };

describe("masking of whole words", () => {
  /** Words of one to three tokens; those from 30 on go on with a word. */
  const goesOn = (token: number) => token >= 30;
  const original = Int32Array.of(0, 10, 30, 31, 11, 12, 32, 2, 33, 13, 3, 34, 35, 2);
  const words = [[1, 2, 3], [4], [5, 6], [8], [9], [11, 12]];

  test("asks for all tokens of a word or for none, and one after a special token begins a word", () => {
    const met = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { positions } = mask(original, { ...vocabulary, goesOn }, 0.4, random(seed));
      const asked = words.filter((word) => word.some((position) => positions.includes(position)));
      expect(positions).toEqual(asked.flat());
      for (const word of asked) met.add(word.join());
    }
    expect(met).toEqual(new Set(words.map((word) => word.join())));
  });

  test("asks for each word with the same probability, and for one at least", () => {
    const stream = random(1, "words");
    const counts = words.map(() => 0);
    for (let n = 0; n < 2000; n++) {
      const { positions } = mask(original, { ...vocabulary, goesOn }, 0.5, stream);
      words.forEach((word, i) => (counts[i]! += Number(positions.includes(word[0]!))));
    }
    // That none is drawn, and the first word is taken, happens in one of 64.
    for (const count of counts.slice(1)) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(500));
    expect(mask(original, { ...vocabulary, goesOn }, 1e-9, random(0)).positions).toEqual([1, 2, 3]);
  });
});
