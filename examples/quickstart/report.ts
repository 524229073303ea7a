/** What the quickstart shows: progress, and tables. */
import type { RunEvent } from "rocoft";

/** Progress of a training: on a terminal one line that is written anew, elsewhere a line for each evaluation. */
export function showProgress(name: string, event: RunEvent): void {
  const { isTTY } = process.stdout;
  const clear = isTTY ? "\r\u001b[2K" : "";
  if (event.type === "step" && isTTY) {
    const parts = [`step ${event.step} of ${event.totalSteps}`, `loss ${event.loss.toFixed(3)}`];
    process.stdout.write(`${clear}${name}: ${parts.join(", ")}, ${event.secondsLeft.toFixed(0)} s left`);
  }
  if (event.type === "evaluation") {
    const scores = ["loss", "accuracy"].map((score) => `${score} ${event.scores[score]!.toFixed(3)}`);
    console.log(`${clear}${name}: epoch ${event.epoch.toFixed(0)}, validation ${scores.join(", ")}`);
  }
}

/** Rows in aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("   ");
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join("\n");
}

/** 1234567 → `1,234,567`. */
export function count(n: number): string {
  return n.toLocaleString("en-US");
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
