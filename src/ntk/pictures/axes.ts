/** Scales with their ticks, and the grid and axes drawn from them. */
import { scaleLinear, scaleLog } from "d3-scale";
import { element, fontSize, label, type Markup, rule } from "./svg.ts";
import { powerOfTen } from "./wording.ts";

export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** From values to pixels. */
export interface Scale {
  readonly position: (value: number) => number;
  readonly ticks: readonly Tick[];
}

type Interval = readonly [number, number];

/** An even scale; `format` is d3-format's, such as `.0%`. The domain is widened to round numbers unless it is `exact`. */
export function linearScale(domain: Interval, range: Interval, count: number, format?: string, exact = false): Scale {
  const [low, high] = domain[0] === domain[1] ? [domain[0] - 0.5, domain[1] + 0.5] : domain;
  const scale = scaleLinear([low, high], range);
  if (!exact) scale.nice(count);
  const text = scale.tickFormat(count, format);
  return {
    position: (value) => scale(value),
    ticks: scale.ticks(count).map((value) => ({ at: scale(value), text: text(value) })),
  };
}

/** A logarithmic scale of positive values, from a power of ten to a power of ten. */
export function logScale([low, high]: Interval, range: Interval, count: number): Scale {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(high) - 1e-9));
  const scale = scaleLog([10 ** first, 10 ** last], range);
  const step = Math.max(1, Math.ceil((last - first) / count));
  const exponents = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, k) => last - k * step);
  return {
    position: (value) => scale(value),
    ticks: exponents.map((exponent) => ({
      at: scale(10 ** exponent),
      text: exponent === 0 ? "1" : powerOfTen(exponent),
    })),
  };
}

/** The part of a picture that data are drawn in, in pixels. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const faint = { ...rule, "stroke-opacity": 0.25 } as const;

/** Ticks and the name of the values below a plot, with lines through it where `grid` is set. */
export function horizontalAxis({ left, right, top, bottom }: Plot, scale: Scale, name: string, grid: boolean): Markup {
  const ticks = scale.ticks.map(
    ({ at, text }) =>
      element("line", { x1: at, x2: at, y1: grid ? top : bottom, y2: bottom + 4, ...faint }) +
      label(text, { x: at, y: bottom + 6 + fontSize, "text-anchor": "middle" }),
  );
  const line = element("line", { x1: left, x2: right, y1: bottom, y2: bottom, ...rule });
  const caption = label(name, { x: (left + right) / 2, y: bottom + 16 + 2 * fontSize, "text-anchor": "middle" });
  return ticks.join("") + line + caption;
}

/** How much room a horizontal axis takes below its plot. */
export const axisHeight: number = 22 + 2 * fontSize;

/** Ticks at the left of a plot with lines through it; the name of the values stands above them. */
export function verticalAxis({ left, right, top }: Plot, scale: Scale, name: string): Markup {
  const ticks = scale.ticks.map(
    ({ at, text }) =>
      element("line", { x1: left, x2: right, y1: at, y2: at, ...faint }) +
      label(text, { x: left - 6, y: at + fontSize / 3, "text-anchor": "end" }),
  );
  return ticks.join("") + label(name, { x: 0, y: top - 12 });
}
