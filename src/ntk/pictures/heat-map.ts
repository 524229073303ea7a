/** Kernels as heat maps side by side, their inputs class by class, all by one scale of colors. */
import { colorLegend, type ColorScale, colorScale, legendHeight } from "./color-scale.ts";
import { heatCells } from "./heat-cells.ts";
import { cellValues, type HeatGrid, heatGrid } from "./heat-grid.ts";
import { spreadOut } from "./placement.ts";
import { element, fittedLabel, fontSize, type Markup, picture, titleHeight } from "./svg.ts";
import { textWidth } from "./wording.ts";

export interface HeatMap {
  readonly name: string;
  /** A trace kernel [n, n], one row after the other. */
  readonly values: ArrayLike<number>;
}

export interface HeatMaps {
  readonly maps: readonly HeatMap[];
  /** The class of each of the n inputs. */
  readonly labels: readonly number[];
  readonly classes: readonly string[];
}

const gapOfMaps = 24;
const nameHeight = 20;
const widestName = 120;
/** The width of a map by how many there are in a row. */
const mapSizes = [360, 300, 208];

/**
 * The maps as SVG, each kernel divided by the mean of its diagonal.
 * @throws Error when a map has not n² values
 */
export function heatMapsPicture({ maps, labels, classes }: HeatMaps): Markup {
  const columns = Math.max(1, Math.min(maps.length, mapSizes.length));
  const grid = heatGrid(labels, mapSizes[columns - 1]!);
  const values = maps.map((map) => cellValues(map.values, grid));
  const colors = sharedScale(values, grid.cells.length);
  const gutter = 10 + Math.min(widestName, Math.max(0, ...classes.map((name) => textWidth(name, fontSize))));
  const legendWidth = Math.min(280, Math.max(180, grid.side));
  const place = (k: number) => ({
    x: gutter + (k % columns) * (grid.side + gapOfMaps),
    y: titleHeight + nameHeight + Math.floor(k / columns) * (grid.side + nameHeight + fontSize),
  });
  const bottom = place(maps.length - 1).y + grid.side;
  return picture(
    {
      width: Math.max(place(columns - 1).x + grid.side, gutter + legendWidth) + 10,
      height: bottom + 16 + legendHeight,
      title: "Kernels between the training inputs",
      description: `Trace kernels of ${maps.map(({ name }) => name).join(", ")}, each divided by the mean of its diagonal; inputs class by class: ${classes.join(", ")}.`,
    },
    ...maps.map(({ name }, k) => {
      const { x, y } = place(k);
      const cells = element("g", { transform: `translate(${x} ${y})` }, heatCells(values[k]!, grid, colors));
      const beside = k % columns === 0 ? classNames(grid, classes, x, y) : "";
      return fittedLabel(name, grid.side, { x, y: y - 7 }) + beside + cells;
    }),
    colorLegend(colors, "kernel / mean of its diagonal", gutter, bottom + 14, legendWidth),
  );
}

/**
 * From the 1st to the 99th hundredth of what stands beside the diagonal, which would leave few colors for the rest, in the middle one
 * of the maps, so that a single wild kernel does not take the colors of the others.
 */
function sharedScale(maps: readonly Float64Array[], n: number): ColorScale {
  const beside = maps.map((map) => map.filter((_, at) => n === 1 || at % (n + 1) !== 0));
  const middle = (share: number) =>
    quantile(
      beside.map((values) => quantile(values, share)),
      0.5,
    );
  return colorScale(middle(0.01), middle(0.99));
}

function quantile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.round(share * (sorted.length - 1))] ?? 0;
}

/** The classes that occur, each at the middle of its rows; none where there is no room for all. */
function classNames({ blocks, side }: HeatGrid, classes: readonly string[], left: number, top: number): Markup {
  const lineHeight = fontSize + 1;
  if (blocks.length * lineHeight > side) return "";
  const middles = blocks.map(({ start, end }) => top + (start + end) / 2);
  const places = spreadOut(middles, lineHeight, top + lineHeight / 2, top + side - lineHeight / 2);
  const names = blocks.map(({ class: label }, k) =>
    fittedLabel(classes[label] ?? String(label), widestName, {
      x: left - 8,
      y: places[k]! + fontSize / 3,
      "text-anchor": "end",
    }),
  );
  return names.join("");
}
