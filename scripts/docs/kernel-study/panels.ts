/** A panel for each task, in it a row for each set of parameters: every run a faint dot, their mean a mark, its spread a line. */
import {
  axisHeight,
  horizontalAxis,
  linearScale,
  logScale,
  type Plot,
  type Scale,
} from "../../../src/ntk/pictures/axes.ts";
import { mark, seriesStyle } from "../../../src/ntk/pictures/series.ts";
import {
  element,
  fontSize,
  label,
  type Markup,
  picture,
  rounded,
  rule,
  titleHeight,
  tooltip,
} from "../../../src/ntk/pictures/svg.ts";
import { formatNumber, textWidth } from "../../../src/ntk/pictures/wording.ts";
import { meanAndDeviation } from "../../../src/ntk/statistics.ts";

export interface Panel {
  readonly name: string;
  /** For each row, for each series, one value a run. */
  readonly values: readonly (readonly (readonly number[])[])[];
  /** A value to compare with. */
  readonly line?: number;
}

export interface Axis {
  readonly name: string;
  readonly log: boolean;
  /** By one scale for all panels. */
  readonly shared: boolean;
  /** What no value can exceed, where the axis ends. */
  readonly end?: number;
}

export interface PanelChart {
  readonly title: string;
  readonly description: string;
  readonly series: readonly string[];
  readonly rows: readonly string[];
  readonly panels: readonly Panel[];
  /** What `line` is. */
  readonly line?: string;
  readonly axis: Axis;
}

const width = 860;
const most = 3;
const lane = 11;
const padding = 8;
const gap = 34;
/** For half of a number at the end of an axis. */
const rightMargin = 14;
const nameHeight = 24;
const markArea = 44;
/** Of all runs in one path, as the round ends of strokes without length. */
const dot = { "stroke-width": 3.6, "stroke-linecap": "round", "stroke-opacity": 0.45 } as const;

export function panelChart(chart: PanelChart): Markup {
  const { title, description, rows, panels, series } = chart;
  const gutter = Math.max(...rows.map((name) => textWidth(name, fontSize))) + 8;
  const columns = Math.min(most, panels.length);
  const panelWidth = (width - rightMargin - gutter - gap * (columns - 1)) / Math.max(2, columns);
  const rowHeight = series.length * lane + padding;
  const height = rows.length * rowHeight;
  const top = titleHeight + 26 + nameHeight;
  const plots = panels.map((_, k): Plot => {
    const left = gutter + (k % columns) * (panelWidth + gap);
    const start = top + Math.floor(k / columns) * (height + axisHeight + nameHeight + 8);
    return { left, right: left + panelWidth, top: start, bottom: start + height };
  });
  return picture(
    { width, height: plots.at(-1)!.bottom + axisHeight, title, description },
    legend(chart, gutter),
    ...plots.flatMap((plot, k) => [
      k % columns === 0 ? rowNames(rows, plot, rowHeight) : "",
      drawn(chart, panels[k]!, plot, rowHeight),
    ]),
  );
}

function drawn(chart: PanelChart, panel: Panel, plot: Plot, rowHeight: number): Markup {
  const { axis, series, rows } = chart;
  const scale = scaleOf(axis.shared ? chart.panels : [panel], axis, plot);
  const shades = rows.map((_, k) => (k % 2 === 0 ? shade(plot, plot.top + k * rowHeight, rowHeight) : ""));
  const marks = panel.values.flatMap((row, k) =>
    row.map((runs, order) => {
      const y = plot.top + k * rowHeight + (padding + lane) / 2 + order * lane;
      return spread(runs, `${rows[k]}, ${series[order]}`, order, axis, scale, y);
    }),
  );
  return [
    ...shades,
    label(panel.name, { x: plot.left, y: plot.top - 8, "font-weight": 600 }),
    horizontalAxis(plot, scale, axis.name, true),
    panel.line === undefined ? "" : dashed(scale.position(panel.line), plot.top, plot.bottom),
    ...marks,
  ].join("");
}

/** Around all that is drawn. */
function scaleOf(panels: readonly Panel[], axis: Axis, { left, right }: Plot): Scale {
  const all = panels.flatMap(({ values, line }) => [
    ...values.flat().flatMap((runs) => [...runs, ...spreadOf(runs, axis)]),
    ...(line === undefined ? [] : [line]),
  ]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (axis.log) return logScale([low, high], [left, right], 5);
  if (axis.end !== undefined)
    return linearScale([Math.floor(low * 10) / 10, axis.end], [left, right], 4, undefined, true);
  const margin = (high - low) / 20;
  return linearScale([low - margin, high + margin], [left, right], 4);
}

/** One standard deviation to each side of the mean, and the mean; of logarithms where the scale is logarithmic. */
function spreadOf(runs: readonly number[], { log, end = Infinity }: Axis): number[] {
  if (runs.length === 0) return [];
  const { mean, deviation = 0 } = meanAndDeviation(log ? runs.map(Math.log) : runs);
  return [mean - deviation, mean, mean + deviation].map((value) => Math.min(end, log ? Math.exp(value) : value));
}

function spread(
  runs: readonly number[],
  name: string,
  order: number,
  axis: Axis,
  { position }: Scale,
  y: number,
): Markup {
  if (runs.length === 0) return "";
  const { color } = seriesStyle(order);
  const [low, mean, high] = spreadOf(runs, axis) as [number, number, number];
  const places = runs.map((value) => `M${rounded(position(value))} ${rounded(y)}h.01`).join("");
  const dots = element("path", { d: places, stroke: color, ...dot });
  const line = { x1: position(low), x2: position(high), y1: y, y2: y, stroke: color, "stroke-width": 2 };
  const several = runs.length > 1 ? dots + element("line", line) : "";
  return several + mark(order, position(mean), y, markArea, tooltip(`${name}: ${formatNumber(mean)}`));
}

function shade({ left, right }: Plot, y: number, height: number): Markup {
  const fill = { class: "ntk-ink", fill: "#737a82", "fill-opacity": 0.07 };
  return element("rect", { x: left, y, width: right - left, height, ...fill });
}

function dashed(x: number, top: number, bottom: number): Markup {
  return element("line", {
    x1: x,
    x2: x,
    y1: top,
    y2: bottom,
    ...rule,
    "stroke-width": 1.5,
    "stroke-dasharray": "4 3",
  });
}

function rowNames(rows: readonly string[], { left, top }: Plot, rowHeight: number): Markup {
  const names = rows.map((name, k) =>
    label(name, { x: left - 8, y: top + (k + 0.5) * rowHeight + fontSize / 3, "text-anchor": "end" }),
  );
  return names.join("");
}

/** The series and the line to compare with, in one line below the title. */
function legend({ series, line }: PanelChart, left: number): Markup {
  const y = titleHeight + fontSize;
  let x = left;
  const entries = series.map((name, order) => {
    const entry = mark(order, x + 6, y - fontSize / 3, 64) + label(name, { x: x + 16, y });
    x += 32 + textWidth(name, fontSize) * 0.85;
    return entry;
  });
  if (line === undefined) return entries.join("");
  return entries.join("") + dashed(x + 6, y - fontSize + 1, y + 3) + label(line, { x: x + 16, y });
}
