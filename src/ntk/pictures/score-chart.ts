/** Scores with their spread: a row for each set of parameters, in it a mark for each classifier. */
import { meanAndDeviation } from "../statistics.ts";
import { axisHeight, horizontalAxis, linearScale, type Plot, type Scale } from "./axes.ts";
import { mark, seriesStyle } from "./series.ts";
import { element, fittedLabel, fontSize, type Markup, picture, titleHeight, tooltip } from "./svg.ts";
import { formatFixed, textWidth } from "./wording.ts";

export interface ScoreRow {
  readonly name: string;
  /** For each classifier, in the order of the chart's, one score for each split; none where it was not tried. */
  readonly scores: readonly (readonly number[])[];
}

export interface ScoreChart {
  /** What is scored, such as accuracy. */
  readonly metric: string;
  readonly classifiers: readonly string[];
  readonly rows: readonly ScoreRow[];
}

const width = 720;
const lane = 15;
const padding = 12;
const widestName = 220;
const widestClassifier = 280;

/** Scores in per cent: each split a faint dot, their mean a mark, one standard deviation to each side a line. */
export function scoreChart({ metric, classifiers, rows }: ScoreChart): Markup {
  const left = Math.min(widestName, Math.max(0, ...rows.map(({ name }) => textWidth(name, fontSize)))) + 14;
  const legend = legendOf(classifiers, left);
  const rowHeight = classifiers.length * lane + padding;
  const top = titleHeight + legend.height + 8;
  const plot: Plot = { left, right: width - 20, top, bottom: top + rows.length * rowHeight };
  const scale = scaleOf(rows, plot);
  return picture(
    {
      width,
      height: plot.bottom + axisHeight,
      title: `Scores: ${metric}`,
      description: `${metric} of ${classifiers.join(", ")} for ${rows.map(({ name }) => name).join(", ")}: mean, standard deviation and each split.`,
    },
    legend.markup,
    ...rows.map((row, k) =>
      band(row.name, k, { ...plot, top: top + k * rowHeight, bottom: top + (k + 1) * rowHeight }),
    ),
    horizontalAxis(plot, scale, `${metric}, %`, true),
    ...rows.flatMap(({ scores }, k) =>
      scores.map((values, order) =>
        dots(values, classifiers[order]!, order, scale, top + k * rowHeight + (padding + lane) / 2 + order * lane),
      ),
    ),
  );
}

/** Around all that is drawn. */
function scaleOf(rows: readonly ScoreRow[], { left, right }: Plot): Scale {
  const drawn = rows.flatMap(({ scores }) =>
    scores.flatMap((values) => {
      const { mean, deviation } = meanAndDeviation(values);
      return [...values, mean - (deviation ?? 0), mean + (deviation ?? 0)].filter(Number.isFinite);
    }),
  );
  const [low, high] = drawn.length === 0 ? [0, 1] : [Math.min(...drawn), Math.max(...drawn)];
  const margin = Math.max(0.01, (high - low) / 20);
  return linearScale([100 * (low - margin), 100 * (high + margin)], [left, right], 8);
}

/** The name of a row, and a shade behind every other row. */
function band(name: string, k: number, { left, right, top, bottom }: Plot): Markup {
  const shade =
    k % 2 === 0
      ? element("rect", {
          x: 0,
          y: top,
          width: right,
          height: bottom - top,
          class: "ntk-ink",
          fill: "#737a82",
          "fill-opacity": 0.07,
        })
      : "";
  const middle = (top + bottom) / 2 + fontSize / 3;
  return shade + fittedLabel(name, widestName, { x: left - 10, y: middle, "text-anchor": "end" });
}

function dots(values: readonly number[], name: string, order: number, scale: Scale, y: number): Markup {
  const { mean, deviation } = meanAndDeviation(values);
  if (!Number.isFinite(mean)) return "";
  const at = (score: number) => scale.position(100 * score);
  const { color } = seriesStyle(order);
  const splits =
    values.length === 1
      ? []
      : values.map((score) => element("circle", { cx: at(score), cy: y, r: 2.5, fill: color, "fill-opacity": 0.4 }));
  const spread =
    deviation === undefined
      ? ""
      : element("line", {
          x1: at(mean - deviation),
          x2: at(mean + deviation),
          y1: y,
          y2: y,
          stroke: color,
          "stroke-width": 2,
        });
  const spoken = `${name}: ${formatFixed(100 * mean, 1)}${deviation === undefined ? "" : ` ± ${formatFixed(100 * deviation, 1)}`}`;
  return splits.join("") + spread + mark(order, at(mean), y, 64, tooltip(spoken));
}

const legendLine = 20;

/** The classifiers' marks and names in as many lines as they need. */
function legendOf(classifiers: readonly string[], left: number): { markup: Markup; height: number } {
  let [x, y] = [left, titleHeight + fontSize];
  const entries = classifiers.map((name, order) => {
    const room = 26 + Math.min(widestClassifier, textWidth(name, fontSize));
    if (x > left && x + room > width) [x, y] = [left, y + legendLine];
    const entry = mark(order, x + 6, y - fontSize / 3, 64) + fittedLabel(name, widestClassifier, { x: x + 16, y });
    x += room;
    return entry;
  });
  return { markup: entries.join(""), height: y - titleHeight + 6 };
}
