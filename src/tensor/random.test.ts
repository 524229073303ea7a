import { describe, expect, test } from "vitest";
import { random } from "./random.ts";

const DRAWS = 20_000;
const draws = (next: () => number, n = DRAWS) => Float64Array.from({ length: n }, next);
const mean = (x: ArrayLike<number>) => Array.from(x).reduce((sum, n) => sum + n, 0) / x.length;
const moment = (x: Float64Array, power: number) => mean(x.map((n) => n ** power));
/** Five standard deviations of a mean of `n` numbers whose standard deviation is `deviation`. */
const bound = (deviation: number, n = DRAWS) => (5 * deviation) / Math.sqrt(n);

describe("streams are stable: what is trained under a seed can be trained again", () => {
  test("first words", () => {
    const words = (seed: number, name?: string) => {
      const { uniform } = random(seed, name);
      return Array.from({ length: 3 }, () => (uniform() * 2 ** 32).toString(16).padStart(8, "0")).join(" ");
    };
    expect({
      "0": words(0),
      "42": words(42),
      "42, head": words(42, "head"),
      "42, größe": words(42, "größe"),
      "-1": words(-1),
      "2 ** 40": words(2 ** 40),
    }).toMatchInlineSnapshot(`
      {
        "-1": "3e8e1966 acb11e15 79b6843d",
        "0": "b2246866 635ae08b 0d33465a",
        "2 ** 40": "86e47c18 e49eee2f 7c442dd3",
        "42": "e21227dc 54b76ae8 c030f679",
        "42, größe": "05bedfb1 b18d2032 9444a555",
        "42, head": "39fd4cba 1e486d8f d7a23e88",
      }
    `);
  });

  test("normal, integer and permutation", () => {
    const stream = random(7, "golden");
    // The last digits of sine and logarithm are the JavaScript engine's own.
    expect(Array.from({ length: 4 }, () => stream.normal().toPrecision(12)).join(" ")).toMatchInlineSnapshot(
      `"0.0109985602568 -0.0395704715101 1.19138743680 -1.82751100240"`,
    );
    expect(stream.permutation(8).join(" ")).toMatchInlineSnapshot(`"4 3 0 2 6 7 1 5"`);
    expect(Array.from({ length: 8 }, () => stream.integer(100)).join(" ")).toMatchInlineSnapshot(
      `"12 9 85 92 2 95 40 47"`,
    );
  });

  test("the generator is xoshiro128** over four words of SplitMix32, in whole numbers of any size", () => {
    const word = (n: bigint) => BigInt.asUintN(32, n);
    const rotate = (n: bigint, bits: bigint) => word((n << bits) | (n >> (32n - bits)));
    let mixed = 0x811c9dc5n ^ 5n;
    for (const character of "data") mixed = word((mixed ^ BigInt(character.codePointAt(0)!)) * 0x01000193n);
    const s = [1, 2, 3, 4].map(() => {
      mixed = word(mixed + 0x9e3779b9n);
      const once = word((mixed ^ (mixed >> 16n)) * 0x21f0aaadn);
      const twice = word((once ^ (once >> 15n)) * 0x735a2d97n);
      return twice ^ (twice >> 15n);
    }) as [bigint, bigint, bigint, bigint];
    const { uniform } = random(5, "data");
    for (let i = 0; i < 100; i++) {
      expect(uniform()).toBe(Number(word(rotate(word(s[1] * 5n), 7n) * 9n)) / 2 ** 32);
      const shifted = word(s[1] << 9n);
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= shifted;
      s[3] = rotate(s[3], 11n);
    }
  });
});

describe("streams are independent", () => {
  const correlation = (a: Float64Array, b: Float64Array) => 12 * mean(a.map((x, i) => (x - 0.5) * (b[i]! - 0.5)));

  test.each([
    ["of names", random(1, "head"), random(1, "epoch 0")],
    ["of names that differ in one letter", random(1, "epoch 0"), random(1, "epoch 1")],
    ["of names that differ in order", random(1, "ab"), random(1, "ba")],
    ["of neighbouring seeds", random(1), random(2)],
    ["of seeds that differ beyond 32 bits", random(1), random(1 + 2 ** 32)],
    ["of a seed and its opposite", random(1), random(-1)],
  ])("%s", (_, a, b) => {
    const [first, second] = [draws(a.uniform), draws(b.uniform)];
    expect(Math.abs(correlation(first, second))).toBeLessThan(bound(1));
    expect(first.filter((x, i) => x === second[i]).length).toBeLessThan(3);
  });

  test("drawing from one does not move another", () => {
    const before = random(3, "data").uniform();
    const [head, data] = [random(3, "head"), random(3, "data")];
    head.permutation(100);
    expect(data.uniform()).toBe(before);
  });
});

describe("distributions", () => {
  test("uniform: in [0, 1), every sixteenth as often as any other, neighbours unrelated", () => {
    const x = draws(random(11).uniform);
    expect(x.every((n) => n >= 0 && n < 1)).toBe(true);
    const counts = Array.from({ length: 16 }, (_, i) => x.filter((n) => Math.floor(16 * n) === i).length);
    for (const count of counts) expect(Math.abs(count / DRAWS - 1 / 16)).toBeLessThan(bound(Math.sqrt(15) / 16));
    const lagged = 12 * mean(x.subarray(1).map((n, i) => (n - 0.5) * (x[i]! - 0.5)));
    expect(Math.abs(lagged)).toBeLessThan(bound(1));
  });

  test("normal: moments 0, 1, 0, 3, finite, neighbours unrelated", () => {
    const x = draws(random(12).normal);
    expect(x.every(Number.isFinite)).toBe(true);
    [0, 1, 0, 3].forEach((expected, i) => {
      const deviation = Math.sqrt(moment(x, 2 * (i + 1)));
      expect(Math.abs(moment(x, i + 1) - expected), `moment ${i + 1}`).toBeLessThan(bound(deviation));
    });
    expect(Math.abs(mean(x.subarray(1).map((n, i) => n * x[i]!)))).toBeLessThan(bound(1));
    const beyond = x.filter((n) => Math.abs(n) > 1.959964).length / DRAWS;
    expect(Math.abs(beyond - 0.05)).toBeLessThan(bound(Math.sqrt(0.05 * 0.95)));
  });

  test("integer: every number below the bound, none above", () => {
    const { integer } = random(13);
    const x = draws(() => integer(7));
    expect([...new Set(x)].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(Math.abs(mean(x) - 3)).toBeLessThan(bound(2));
  });

  test("permutation: each number once, each place as often", () => {
    const { permutation } = random(14);
    const seen = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
    for (let i = 0; i < 5000; i++) {
      const order = permutation(5);
      expect(order.toSorted()).toEqual(Int32Array.of(0, 1, 2, 3, 4));
      order.forEach((n, place) => seen[place]![n]!++);
    }
    for (const count of seen.flat()) expect(Math.abs(count / 5000 - 0.2)).toBeLessThan(bound(0.4, 5000));
    expect([permutation(0), permutation(1)]).toEqual([new Int32Array(0), Int32Array.of(0)]);
  });
});
