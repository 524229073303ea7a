import { expect, test } from "vitest";
import { random } from "../../tensor/random.ts";
import { colorScale } from "./color-scale.ts";
import { heatCells } from "./heat-cells.ts";
import { cellValues, heatGrid } from "./heat-grid.ts";
import { heatMapsPicture } from "./heat-map.ts";
import { elements, type Node, parseXml } from "./well-formed.cases.ts";

/** The color at each pixel of a grid, read back from the strokes. */
function painted(node: Node, size: number): Map<string, string> {
  const pixels = new Map<string, string>();
  for (const { attributes } of elements(node, "path")) {
    const color = attributes["stroke"];
    if (color === undefined) continue;
    let [x, y] = [0, 0];
    for (const [, dx, dy, length] of attributes["d"]!.matchAll(/[mM](-?\d+) (-?\d+)h(\d+)/g)) {
      x += Number(dx);
      y += Number(dy);
      for (let at = x; at < x + Number(length); at += size) {
        expect(pixels.has(`${at} ${y}`)).toBe(false);
        pixels.set(`${at} ${y}`, color);
      }
      x += Number(length);
    }
  }
  return pixels;
}

test("every cell is painted once, in its color, at its class's place", () => {
  const { uniform } = random(0, "cells");
  const labels = [1, 0, 2, 0, 1, 1, 2];
  const grid = heatGrid(labels, 70);
  expect(grid.cells.map(({ inputs }) => inputs)).toEqual([[1], [3], [0], [4], [5], [2], [6]]);
  expect(grid.places).toEqual([0, 10, 22, 32, 42, 54, 64]);
  expect(grid.side).toBe(74);
  const values = Float64Array.from({ length: 49 }, () => Math.round(3 * uniform()) / 3);
  const colors = colorScale(0, 1);
  const pixels = painted(parseXml(`<g>${heatCells(values, grid, colors)}</g>`), grid.size);
  expect(pixels.size).toBe(49);
  grid.places.forEach((y, p) =>
    grid.places.forEach((x, q) =>
      expect(pixels.get(`${x} ${y}`)).toBe(colors.colors[colors.levelOf(values[p * 7 + q]!)]),
    ),
  );
});

test("kernels are divided by the mean of their diagonal", () => {
  const grid = heatGrid([1, 0], 10);
  expect([...cellValues([2, 1, 3, 6], grid)]).toEqual([6 / 4, 3 / 4, 1 / 4, 2 / 4]);
  expect([...cellValues([0, 1, 1, 0], grid)]).toEqual([0, 1, 1, 0]);
});

test("neighbours of one class are drawn as their mean where inputs are many", () => {
  const grid = heatGrid([...Array<number>(129).fill(0), ...Array<number>(3).fill(1)], 200);
  expect(grid.cells.map(({ inputs }) => inputs.length)).toEqual([...Array<number>(64).fill(2), 1, 2, 1]);
  const kernel = Float64Array.from({ length: 132 * 132 }, (_, at) => (Math.floor(at / 132) + (at % 132)) % 2);
  for (let i = 0; i < 132; i++) kernel[i * 132 + i] = 1;
  // Rows 0 and 1 of columns 2 and 3 hold 0, 1 and 1, 0; the cell of two inputs with themselves holds nothing but ones.
  const means = cellValues(kernel, grid);
  expect(means[1]).toBeCloseTo(0.5, 14);
  expect(means[0]).toBeCloseTo(1, 14);
});

test("a class that does not occur takes no room", () => {
  expect(heatGrid([0, 2], 20).places).toEqual([0, 12]);
});

test("levels run from one end to the other, and stay there beyond", () => {
  const { colors, levelOf } = colorScale(1, 3);
  expect([0, 1, 2, 3, 4].map(levelOf)).toEqual([0, 0, colors.length / 2, colors.length - 1, colors.length - 1]);
  const signed = colorScale(-1, 3);
  expect([signed.low, signed.high]).toEqual([-3, 3]);
  expect(new Set(colors).size).toBe(colors.length);
  expect(colorScale(2, 2).levelOf(2)).toBe(0);
});

test("a map of 96 inputs that are all different takes less than 100 kB", () => {
  const { normal } = random(0, "noise");
  const labels = Array.from({ length: 96 }, (_, i) => i % 6);
  const values = Float64Array.from({ length: 96 * 96 }, normal);
  const svg = heatMapsPicture({ maps: [{ name: "noise", values }], labels, classes: [..."abcdef"] });
  expect(svg.length).toBeLessThan(100_000);
});

test("a kernel of other inputs is refused", () => {
  const maps = [{ name: "full", values: [1, 2, 3] }];
  expect(() => heatMapsPicture({ maps, labels: [0, 1], classes: ["a", "b"] })).toThrow(
    new Error("heat map: 3 values for 2 inputs, expected 4"),
  );
});
