import { expect, test } from "vitest";
import { random } from "../../tensor/random.ts";
import { driftPicture } from "./drift.ts";
import { heatMapsPicture } from "./heat-map.ts";
import { scoreChart } from "./score-chart.ts";
import { relativeSpectrum, spectraPicture } from "./spectra.ts";
import { elements, hostile, parseXml, textOf } from "./well-formed.cases.ts";
import { textWidth } from "./wording.ts";

const names = ["full", "rows 1", "rows 3", "columns 1", "columns 3", "random", "lora", "bitfit", "head"];
const { normal } = random(0, "pictures");
const cycled = (n: number, classes: number) => Array.from({ length: n }, (_, i) => i % classes);
const values = (n: number, offset: number) => Float64Array.from({ length: n * n }, () => offset + normal());

const heat = (n: number, classes: readonly string[], maps: readonly string[], offset: number) => {
  const given = maps.map((name) => ({ name, values: values(n, offset) }));
  return () => heatMapsPicture({ maps: given, labels: cycled(n, classes.length), classes });
};
const eigenvalues = Array.from({ length: 40 }, (_, k) => 1 / (k + 1) ** 2);
const spectra = (given: readonly string[]) => () =>
  spectraPicture(given.map((name, order) => ({ name, order, eigenvalues: [eigenvalues] })));
const drift = (given: readonly string[], steps: number) => () =>
  driftPicture(
    given.map((name, order) => ({
      name,
      order,
      points: Array.from({ length: steps }, (_, t) => [100 * t, t / (order + 1)] as const),
    })),
  );
const scores = (rows: readonly string[], classifiers: readonly string[], splits: number) => () =>
  scoreChart({
    metric: "accuracy",
    classifiers,
    rows: rows.map((name) => ({
      name,
      scores: classifiers.map((_, k) => cycled(splits, 3).map((i) => 0.7 + (i - k) / 50)),
    })),
  });

const all: readonly (readonly [string, () => string])[] = [
  ["nine heat maps", heat(24, ["a", "b", "c"], names, 0)],
  ["one heat map of one class", heat(5, ["only"], ["full"], 6)],
  ["a heat map of one input", heat(1, ["only"], ["full"], 6)],
  ["heat maps of many inputs and classes", heat(200, cycled(40, 40).map(String), ["full", "rows"], 3)],
  ["heat maps of hostile names", heat(6, hostile, hostile, 0)],
  ["nine spectra", spectra(names)],
  ["one spectrum", spectra(["full"])],
  ["spectra of hostile names", spectra(hostile)],
  ["a spectrum of zeros", () => spectraPicture([{ name: "zero", order: 0, eigenvalues: [[0, 0, -1e-20]] }])],
  ["nine drifts", drift(names, 11)],
  ["a drift of one step", drift(["full"], 1)],
  ["drifts of hostile names", drift(hostile, 3)],
  [
    "a drift that is no number",
    () =>
      driftPicture([
        {
          name: "wild",
          order: 0,
          points: [
            [0, 0],
            [1, NaN],
            [2, Infinity],
          ],
        },
      ]),
  ],
  ["scores of nine sets", scores(names, ["ridge", "logistic", "svm", "fine-tuning"], 3)],
  ["one score", scores(["full"], ["ridge"], 1)],
  ["no scores", scores(["full"], ["ridge"], 0)],
  ["scores of hostile names", scores(hostile, hostile, 2)],
];

test.for(all)(
  "%s: one well-formed picture, the same every time, that fetches and runs nothing",
  ([, draw], { expect }) => {
    const svg = draw();
    expect(draw()).toBe(svg);
    const root = parseXml(svg);
    expect(root.name).toBe("svg");
    expect(root.attributes["aria-label"]).toBe(textOf(elements(root, "title")[0]!));
    expect(textOf(elements(root, "desc")[0]!)).not.toBe("");
    expect(elements(root, "script")).toEqual([]);
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/http|href|url\(|<style|\son\w+=/);
    const coordinates = svg.replace(/>[^<]*</g, "><");
    expect(coordinates).not.toMatch(/="[^"]*(NaN|Infinity|undefined)/);
  },
);

/** The part of its width that stands to the left of a text's x. */
const anchors: Readonly<Record<string, number>> = { start: 0, middle: 0.5, end: 1 };

test("no text leaves its picture, as wide as it may be", () => {
  for (const [name, draw] of all) {
    const root = parseXml(draw());
    const [width, height] = [Number(root.attributes["width"]), Number(root.attributes["height"])];
    for (const text of elements(root, "text")) {
      const [x, y] = [Number(text.attributes["x"]), Number(text.attributes["y"])];
      const shown = text.children.filter((child) => typeof child === "string").join("");
      const room = textWidth(shown, Number(text.attributes["font-size"] ?? 12));
      const left = x - room * anchors[text.attributes["text-anchor"] ?? "start"]!;
      expect(left >= 0 && left + room <= width && y >= 0 && y <= height, `${name}: ${shown} at ${x}, ${y}`).toBe(true);
    }
  }
});

test("lines of one chart have different looks, the same in every chart", () => {
  const looks = (svg: string) =>
    elements(parseXml(svg), "path")
      .filter(({ attributes }) => attributes["stroke"] !== undefined)
      .map(({ attributes }) => `${attributes["stroke"]} ${attributes["stroke-dasharray"]}`);
  expect(new Set(looks(spectra(names)())).size).toBe(names.length);
  expect(looks(drift(names, 11)())).toEqual(looks(spectra(names)()));
});

test("a spectrum is divided by its largest eigenvalue, several are averaged by their logarithms", () => {
  expect(relativeSpectrum([[8, 4, 2]])).toEqual([
    [1, 1],
    [2, expect.closeTo(0.5, 14)],
    [3, expect.closeTo(0.25, 14)],
  ]);
  const [, second] = relativeSpectrum([
    [1, 0.1],
    [10, 0.1],
  ]);
  expect(second).toEqual([2, expect.closeTo(Math.sqrt(0.1 * 0.01), 14)]);
});

test("a spectrum ends where rounding begins, in one of its splits", () => {
  expect(
    relativeSpectrum([
      [2, 1, 1e-9],
      [2, 1, 1],
    ]),
  ).toHaveLength(2);
  expect(
    relativeSpectrum([
      [0, 0],
      [2, 1, -1e-12],
    ]),
  ).toHaveLength(2);
  expect(relativeSpectrum([[0]])).toEqual([]);
  expect(relativeSpectrum([])).toEqual([]);
});

test("scores say their mean and deviation under the pointer", () => {
  const svg = scoreChart({
    metric: "accuracy",
    classifiers: ["ridge"],
    rows: [{ name: "full", scores: [[0.8, 0.9]] }],
  });
  expect(svg).toContain("<title>ridge: 85.0 ± 7.1</title>");
});
