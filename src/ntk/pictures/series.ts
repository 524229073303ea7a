/** What tells series apart: color, dash and shape together, so that no reader depends on one of them. */
import { symbol, symbolsFill } from "d3-shape";
import { element, type Markup } from "./svg.ts";

/**
 * The palette of Okabe and Ito (2008), made for every kind of color vision, without its black and its yellow, which
 * vanish on a dark and on a light ground; a grey instead.
 */
const colors = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#7f7f7f"];
const dashes = [undefined, "6 3", "2 3"];

export interface SeriesStyle {
  readonly color: string;
  readonly dash: string | undefined;
  readonly shape: number;
}

/** The style of the series with this number; 21 differ in color and dash. */
export function seriesStyle(order: number): SeriesStyle {
  return {
    color: colors[order % colors.length]!,
    dash: dashes[Math.floor(order / colors.length) % dashes.length],
    shape: order % symbolsFill.length,
  };
}

/** A filled mark in the shape and the color of a series. */
export function mark(order: number, x: number, y: number, area: number, ...children: readonly Markup[]): Markup {
  const { color, shape } = seriesStyle(order);
  const path = symbol(symbolsFill[shape], area).digits(2)() ?? "";
  return element(
    "path",
    { d: path, transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`, fill: color },
    ...children,
  );
}

/** How a line of the series looks. */
export function stroke(order: number): {
  stroke: string;
  "stroke-width": number;
  "stroke-dasharray": string | undefined;
  fill: string;
} {
  const { color, dash } = seriesStyle(order);
  return { stroke: color, "stroke-width": 2, "stroke-dasharray": dash, fill: "none" };
}
