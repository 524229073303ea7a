/** Lines over an even horizontal axis, each named at its end. */
import { line as linePath } from "d3-shape";
import { axisHeight, horizontalAxis, linearScale, logScale, type Plot, type Scale, verticalAxis } from "./axes.ts";
import { spreadOut } from "./placement.ts";
import { mark, stroke } from "./series.ts";
import { element, fittedLabel, fontSize, type Markup, picture, titleHeight, tooltip } from "./svg.ts";
import { formatNumber, textWidth } from "./wording.ts";

export type Point = readonly [x: number, y: number];

export interface Line {
  readonly name: string;
  /** Which style it has, the same in all pictures of a study. */
  readonly order: number;
  /** From left to right; points that are not finite are left out. */
  readonly points: readonly Point[];
}

export interface LineChart {
  readonly title: string;
  readonly description: string;
  readonly x: { readonly name: string };
  readonly y: { readonly name: string; readonly log: boolean };
  readonly lines: readonly Line[];
}

const width = 720;
const plotHeight = 300;
const left = 56;
const sample = 22;
const widestName = 220;
/** Of the first and the last point from the sides of the plot. */
const inset = 8;
/** Up to so many points, each has its mark; of more, some at even steps, which are others for each line. */
const mostMarks = 16;
const markArea = 44;

/** The chart as SVG. Lines without points are named all the same. */
export function lineChart({ title, description, x, y, lines: given }: LineChart): Markup {
  const lines = given.map((line) => ({ ...line, points: line.points.filter((point) => point.every(Number.isFinite)) }));
  const names = Math.min(widestName, Math.max(0, ...lines.map(({ name }) => textWidth(name, fontSize))));
  const top = titleHeight + 28;
  const height = Math.max(plotHeight, lines.length * lineHeight);
  const plot: Plot = { left, right: width - names - sample - 24, top, bottom: top + height };
  const scales = scalesOf(
    lines.flatMap(({ points }) => points),
    plot,
    y.log,
  );
  return picture(
    { width, height: plot.bottom + axisHeight, title, description },
    verticalAxis(plot, scales.y, y.name),
    horizontalAxis(plot, scales.x, x.name, false),
    ...lines.map((line) => drawn(line, scales)),
    ...namesBeside(lines, plot, scales.y),
  );
}

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

function scalesOf(points: readonly Point[], { left, right, top, bottom }: Plot, log: boolean): Scales {
  const [xs, ys] = [extent(points.map(([x]) => x)), extent(points.map(([, y]) => y))];
  return {
    x: linearScale(xs, [left + inset, right - inset], 8, undefined, true),
    y: log ? logScale(ys, [bottom, top], 6) : linearScale([Math.min(0, ys[0]), ys[1]], [bottom, top], 6),
  };
}

/** The least and the greatest; 0.1 to 1, which any scale takes, of nothing. */
function extent(values: readonly number[]): readonly [number, number] {
  return values.length === 0
    ? [0.1, 1]
    : values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

function drawn({ name, order, points }: Line, { x, y }: Scales): Markup {
  const placed = points.map((point): [number, number] => [x.position(point[0]), y.position(point[1])]);
  const path = linePath().digits(2)(placed) ?? "";
  const every = Math.ceil(points.length / mostMarks);
  const marks = points.flatMap((point, i) =>
    i % every === order % every ? [pointMark(order, name, point, placed[i]!)] : [],
  );
  return element("path", { d: path, ...stroke(order), "stroke-linejoin": "round" }, tooltip(name)) + marks.join("");
}

function pointMark(order: number, name: string, [x, y]: Point, [left, top]: readonly [number, number]): Markup {
  return mark(order, left, top, markArea, tooltip(`${name}: ${formatNumber(y)} at ${formatNumber(x)}`));
}

const lineHeight = 18;

/** The names at the right, each as near the end of its line as the others allow. */
function namesBeside(lines: readonly Line[], { right, top, bottom }: Plot, y: Scale): Markup[] {
  const ends = lines.map(({ points }) => (points.length === 0 ? bottom : y.position(points.at(-1)![1])));
  const places = spreadOut(ends, lineHeight, top, bottom - inset);
  return lines.map(({ name, order }, i) => {
    const [x, place] = [right + 12, places[i]!];
    return (
      element("line", { x1: x, x2: x + sample, y1: place, y2: place, ...stroke(order) }) +
      mark(order, x + sample / 2, place, markArea) +
      fittedLabel(name, widestName, { x: x + sample + 6, y: place + fontSize / 3 })
    );
  });
}
