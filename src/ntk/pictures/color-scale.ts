/** From numbers to a few colors, and the legend that says which. */
import { interpolateRdBu, interpolateViridis } from "d3-scale-chromatic";
import { linearScale } from "./axes.ts";
import { element, fontSize, label, type Markup } from "./svg.ts";

/** How many colors; more are not told apart, and cells of one color are drawn as one path. */
const LEVELS = 32;

export interface ColorScale {
  readonly low: number;
  readonly high: number;
  /** The color of each level. */
  readonly colors: readonly string[];
  /** The level of a value; those beyond the ends have the ends' levels. */
  readonly levelOf: (value: number) => number;
}

/** Viridis from `low` to `high`; where `low` is negative, red and blue about 0, which is white. Both suit every color vision. */
export function colorScale(low: number, high: number): ColorScale {
  const reach = Math.max(Math.abs(low), Math.abs(high));
  const [first, last] = low < 0 ? [-reach, reach] : [low, high];
  const color = low < 0 ? (t: number) => interpolateRdBu(1 - t) : interpolateViridis;
  const span = last - first || 1;
  return {
    low: first,
    high: last,
    colors: Array.from({ length: LEVELS }, (_, level) => color(level / (LEVELS - 1))),
    levelOf: (value) => Math.max(0, Math.min(LEVELS - 1, Math.floor(((value - first) / span) * LEVELS))),
  };
}

const bandHeight = 10;

/** How much room a legend takes below `top`. */
export const legendHeight: number = 2 * fontSize + bandHeight + 14;

/** The colors in a band, with the values at its ticks below and what they are above. */
export function colorLegend(
  { low, high, colors }: ColorScale,
  name: string,
  left: number,
  top: number,
  width: number,
): Markup {
  const band = top + fontSize + 6;
  const step = width / colors.length;
  const cells = colors.map((fill, level) =>
    element("rect", {
      x: left + level * step,
      y: band,
      width: step + 0.5,
      height: bandHeight,
      fill,
      "shape-rendering": "crispEdges",
    }),
  );
  const { ticks } = linearScale([low, high], [left, left + width], 4, undefined, true);
  const numbers = ticks.map(({ at, text }) =>
    label(text, { x: at, y: band + bandHeight + fontSize + 2, "text-anchor": "middle", "font-size": fontSize - 1 }),
  );
  return label(name, { x: left, y: top + fontSize }) + cells.join("") + numbers.join("");
}
