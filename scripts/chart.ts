/** Charts for pages: a Vega-Lite specification drawn as SVG, the same on every machine. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

const style = {
  font: "Helvetica, Arial, sans-serif",
  background: "white",
  axis: {
    labelFontSize: 12,
    labelLimit: 0,
    titleFontSize: 12,
    titleFontWeight: "normal",
    grid: true,
    gridColor: "#e8e8e8",
  },
  legend: { labelFontSize: 12, labelLimit: 0, title: null, orient: "top" },
  header: { labelFontSize: 12, labelFontWeight: "bold", title: null },
  view: { stroke: null },
} as const;

/** The SVG of a chart. */
export function svgOf(spec: TopLevelSpec): Promise<string> {
  const { spec: compiled } = compile(spec, { config: style });
  return new View(parse(compiled), { renderer: "none" }).toSVG();
}
