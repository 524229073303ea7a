/** The spectra of kernels, one line for each set of parameters. */
import { lineChart, type Point } from "./line-chart.ts";
import type { Markup } from "./svg.ts";

export interface Spectrum {
  readonly name: string;
  readonly order: number;
  /** The largest first, of one kernel or of one for each split. */
  readonly eigenvalues: readonly (readonly number[])[];
}

/** Smaller parts of the largest eigenvalue are what float32 gradients leave of zeros. */
const ROUNDING = 1e-8;

/** Eigenvalues divided by the largest, on a logarithmic scale; of several splits their geometric mean. */
export function spectraPicture(spectra: readonly Spectrum[]): Markup {
  return lineChart({
    title: "Spectra of the kernels",
    description: `Eigenvalues divided by the largest, by rank, for ${spectra.map(({ name }) => name).join(", ")}.`,
    x: { name: "rank of the eigenvalue" },
    y: { name: "eigenvalue / largest eigenvalue", log: true },
    lines: spectra.map(({ name, order, eigenvalues }) => ({ name, order, points: relativeSpectrum(eigenvalues) })),
  });
}

/** What is below rounding in one of the splits ends the line. */
export function relativeSpectrum(eigenvalues: readonly (readonly number[])[]): Point[] {
  const known = eigenvalues.filter(([largest]) => largest !== undefined && largest > 0);
  if (known.length === 0) return [];
  const relative = known.map((values) => values.map((value) => value / values[0]!));
  const lengths = relative.map((values) => {
    const end = values.findIndex((value) => value < ROUNDING);
    return end < 0 ? values.length : end;
  });
  return Array.from({ length: Math.min(...lengths) }, (_, k) => {
    const logarithms = relative.reduce((sum, values) => sum + Math.log(values[k]!), 0);
    return [k + 1, Math.exp(logarithms / relative.length)];
  });
}
