/** The cells of a heat map as few short paths, since a kernel has thousands. */
import type { ColorScale } from "./color-scale.ts";
import type { Block, HeatGrid } from "./heat-grid.ts";
import { element, type Markup } from "./svg.ts";

/** One path for each color: its cells as strokes along the rows, neighbours of one class joined. */
export function heatCells(values: Float64Array, grid: HeatGrid, { colors, levelOf }: ColorScale): Markup {
  const levels = Array.from(values, levelOf);
  const paths = strokes(levels, grid, colors.length).map((path, level) =>
    path === "" ? "" : element("path", { d: path, stroke: colors[level]! }),
  );
  const { size, blocks } = grid;
  const cells = element(
    "g",
    { transform: `translate(0 ${size / 2})`, "stroke-width": size, "shape-rendering": "crispEdges" },
    ...paths,
  );
  return ground(blocks, colors[middle(levels)]!) + cells;
}

function strokes(levels: readonly number[], { places, size }: HeatGrid, count: number): string[] {
  const pens = Array.from({ length: count }, () => ({ path: "", x: 0, y: 0 }));
  const n = places.length;
  for (let p = 0; p < n; p++)
    for (let q = 0; q < n;) {
      const level = levels[p * n + q]!;
      let end = q + 1;
      while (end < n && places[end] === places[end - 1]! + size && levels[p * n + end] === level) end++;
      const pen = pens[level]!;
      const [x, y, length] = [places[q]!, places[p]!, (end - q) * size];
      pen.path += `${pen.path === "" ? "M" : "m"}${x - pen.x} ${y - pen.y}h${length}`;
      pen.x = x + length;
      pen.y = y;
      q = end;
    }
  return pens.map(({ path }) => path);
}

/** The blocks of classes in one color, seen where a screen of other pixels leaves a hair between cells. */
function ground(blocks: readonly Block[], fill: string): Markup {
  const path = blocks.flatMap((rows) =>
    blocks.map(({ start, end }) => `M${start} ${rows.start}H${end}V${rows.end}H${start}z`),
  );
  return element("path", { d: path.join(""), fill, "shape-rendering": "crispEdges" });
}

/** The color that half of the cells do not exceed. */
function middle(levels: readonly number[]): number {
  return levels.toSorted((a, b) => a - b)[Math.floor(levels.length / 2)] ?? 0;
}
