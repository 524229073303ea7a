/** Numbers and tables as people read them. */
import type { BadRows } from "../tasks/bad-rows.ts";

/** 1234567 → `1,234,567`. */
export function formatCount(n: number): string {
  return n.toLocaleString("en-US");
}

/** A share as a percentage with three significant digits. */
export function formatShare(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

const units = ["B", "kB", "MB", "GB", "TB"];

/** Bytes in the decimal unit that fits. */
export function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power]}`;
}

/** Seconds as `1h02m`, `3m20s`, `12s`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const padded = (n: number) => String(n).padStart(2, "0");
  if (h > 0) return `${h}h${padded(m)}m`;
  return m > 0 ? `${m}m${padded(s)}s` : `${s}s`;
}

/** Scores by name: `loss 0.3312  accuracy 0.9151`. */
export function formatScores(scores: Readonly<Record<string, number>>): string {
  return Object.entries(scores)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join("  ");
}

/** Rows in aligned columns; columns whose cells all look like numbers are aligned at the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const numeric = header.map((_, i) => rows.length > 0 && rows.every((row) => /^[\d,.\s%×±]*$/.test(row[i]!)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** How many rows were skipped and why, a line each; nothing where none were. */
export function badRowLines({ count, reasons }: BadRows): string[] {
  if (count === 0) return [];
  const more = count - reasons.length;
  const rest = more > 0 ? [`  and ${formatCount(more)} more`] : [];
  return [`${formatCount(count)} bad rows skipped:`, ...reasons.map((reason) => `  ${reason}`), ...rest];
}
