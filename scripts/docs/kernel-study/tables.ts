/** Numbers as the page writes them, and Markdown's tables. */
import { absent, formatFixed, formatNumber } from "../../../src/ntk/pictures/wording.ts";
import { scorePercent } from "../../../src/ntk/report-measures.ts";
import { meanAndDeviation } from "../../../src/ntk/statistics.ts";

/** A table of rows of cells. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heading, heading.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export type Format = (values: readonly number[]) => string;

/** Mean ± standard deviation with so many decimals. */
export const decimals =
  (count: number): Format =>
  (values) => {
    const { mean, deviation } = meanAndDeviation(values);
    if (Number.isNaN(mean)) return absent;
    return deviation === undefined
      ? formatFixed(mean, count)
      : `${formatFixed(mean, count)} ± ${formatFixed(deviation, count)}`;
  };

/** In per cent. */
export const percent: Format = (values) => (values.length === 0 ? absent : scorePercent(values));

/** With a plus where it is positive, and zero without a sign. */
export function signed(value: number, count: number): string {
  const text = formatFixed(value, count);
  if (Number(value.toFixed(count)) === 0) return formatFixed(0, count);
  return value > 0 ? `+${text}` : text;
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(meanAndDeviation(values.map(Math.log)).mean);

/** The geometric mean, and from where to where it was. */
export const geometric: Format = (values) => {
  if (values.length === 0) return absent;
  if (values.length === 1) return formatNumber(values[0]);
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => formatNumber(value));
  return `${formatNumber(geometricMean(values))} (${least} to ${most})`;
};
