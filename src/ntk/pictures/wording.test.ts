import * as fc from "fast-check";
import { expect, test } from "vitest";
import { linearScale, logScale } from "./axes.ts";
import { spreadOut } from "./placement.ts";
import { element, escaped } from "./svg.ts";
import { formatFixed, formatNumber, powerOfTen, shortened, textWidth } from "./wording.ts";

test.for<[number | null, string]>([
  [0, "0"],
  [1, "1.00"],
  [0.123456, "0.123"],
  [-0.0123456, "−0.0123"],
  [0.9996, "1.00"],
  [99.96, "100"],
  [1234.5, "1,235"],
  [-123456, "−123,456"],
  [999999.9, "1.00 × 10⁶"],
  [0.000012345, "1.23 × 10⁻⁵"],
  [-6.02e23, "−6.02 × 10²³"],
  [NaN, "–"],
  [null, "–"],
  [Infinity, "∞"],
  [-Infinity, "−∞"],
])("%d is written %s", ([value, text]) => {
  expect(formatNumber(value)).toBe(text);
});

test("fixed decimals and powers of ten have a true minus", () => {
  expect([formatFixed(-1.25, 1), powerOfTen(-10), powerOfTen(3)]).toEqual(["−1.3", "10⁻¹⁰", "10³"]);
});

test("a text is shortened to its width, by whole characters", () => {
  expect(shortened("short", 100, 12)).toBe("short");
  expect(shortened("🙂🙂🙂🙂🙂🙂", 60, 12)).toBe("🙂🙂🙂🙂…");
  fc.assert(
    fc.property(fc.string({ minLength: 2 }), fc.integer({ min: 20, max: 200 }), (text, width) => {
      expect(textWidth(shortened(text, width, 12), 12)).toBeLessThanOrEqual(width);
    }),
  );
});

test("names are spread out in their order, inside, and no further than need be", () => {
  expect(spreadOut([10, 50, 90], 10, 0, 100)).toEqual([10, 50, 90]);
  expect(spreadOut([50, 50, 50], 10, 0, 100)).toEqual([50, 60, 70]);
  expect(spreadOut([100, 100], 10, 0, 100)).toEqual([90, 100]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 11 }), (wished) => {
      const places = spreadOut(wished, 10, 0, 100).toSorted((a, b) => a - b);
      places.forEach((place, k) => {
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThanOrEqual(100);
        if (k > 0) expect(place - places[k - 1]!).toBeGreaterThanOrEqual(10);
      });
    }),
  );
});

test("markup is escaped, and an attribute that is undefined left out", () => {
  expect(escaped(`<a b="c">&'\u0000\ud800`)).toBe("&lt;a b=&quot;c&quot;&gt;&amp;&#39;\uFFFD\uFFFD");
  expect(element("a", { b: `"x"`, c: undefined, d: 1 / 3 })).toBe('<a b="&quot;x&quot;" d="0.33"/>');
  expect(element("a", {}, "<b/>", "c")).toBe("<a><b/>c</a>");
});

test("a logarithmic scale has powers of ten, few of them, from end to end", () => {
  const { ticks, position } = logScale([0.002, 1], [300, 0], 6);
  expect(ticks).toEqual(
    [
      { at: 0, text: "1" },
      { at: 100, text: "10⁻¹" },
      { at: 200, text: "10⁻²" },
      { at: 300, text: "10⁻³" },
    ].map(({ at, text }) => ({ at: expect.closeTo(at, 9), text })),
  );
  expect(position(0.1)).toBeCloseTo(100, 9);
  expect(logScale([1e-16, 1], [0, 1], 6).ticks.map(({ text }) => text)).toEqual([
    "1",
    "10⁻³",
    "10⁻⁶",
    "10⁻⁹",
    "10⁻¹²",
    "10⁻¹⁵",
  ]);
  expect(logScale([1, 1], [0, 1], 6).ticks).toHaveLength(2);
});

test("an even scale has round ticks, and room where all values are one", () => {
  const { ticks } = linearScale([0.003, 0.97], [0, 100], 5);
  expect(ticks.map(({ text }) => text)).toEqual(["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
  expect(linearScale([5, 5], [0, 100], 4).position(5)).toBe(50);
});
