/** How far kernels move while their parameters are trained. */
import { lineChart, type Point } from "./line-chart.ts";
import type { Markup } from "./svg.ts";

export interface Drift {
  readonly name: string;
  readonly order: number;
  /** Training step and relative change of the kernel. */
  readonly points: readonly Point[];
}

/** ‖Kₜ − K₀‖ / ‖K₀‖ against the training step, on a logarithmic scale that leaves out step 0; far below 1 training is lazy. */
export function driftPicture(drifts: readonly Drift[]): Markup {
  return lineChart({
    title: "Drift of the kernels in training",
    description: `Relative change of the kernel by training step, for ${drifts.map(({ name }) => name).join(", ")}.`,
    x: { name: "training step" },
    y: { name: "‖Kₜ − K₀‖ / ‖K₀‖", log: true },
    lines: drifts.map((drift) => ({ ...drift, points: drift.points.filter(([, change]) => change > 0) })),
  });
}
