/** The measures that a report has tables of: what each is called, how it is written, and what it means. */
import type { KernelComparison, KernelDescription } from "./comparison/measures.ts";
import { absent, formatFixed, formatNumber } from "./pictures/wording.ts";
import { meanAndDeviation } from "./statistics.ts";

export interface Measure<T> {
  readonly key: keyof T;
  readonly heading: string;
  readonly format: (values: readonly (number | null)[]) => string;
  readonly meaning: string;
}

type Numbers<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

/** Of a kernel beside the reference's. */
export const closeness: readonly Measure<KernelComparison>[] = [
  {
    key: "normalizedDistance",
    heading: "distance",
    format: withDecimals,
    meaning:
      "‖K/‖K‖ − L/‖L‖‖ in the Frobenius norm, each kernel divided by its own: 0 where one is a multiple of the other, √2 where they have nothing in common.",
  },
  {
    key: "scaledDistance",
    heading: "distance at best scale",
    format: withDecimals,
    meaning:
      "minₛ ‖K − s·L‖ / ‖K‖, K being the reference's: the part of it that no multiple of the other kernel explains.",
  },
  {
    key: "alignment",
    heading: "alignment",
    format: withDecimals,
    meaning: "⟨K, L⟩ / (‖K‖·‖L‖) (Cristianini et al. 2001).",
  },
  {
    key: "centeredAlignment",
    heading: "centred alignment",
    format: withDecimals,
    meaning:
      "The alignment after every row and column has lost its mean (Cortes et al. 2012; CKA, Kornblith et al. 2019): what all inputs have in common no longer counts.",
  },
  {
    key: "centeredAlignmentOfTrace",
    heading: "centred alignment, trace kernel",
    format: withDecimals,
    meaning: "The centred alignment of the kernels summed over equal outputs, Σₐ K[(i, a), (j, a)].",
  },
];

/** Of a kernel alone. */
export const shape: readonly (Measure<KernelDescription> & { readonly key: Numbers<KernelDescription> })[] = [
  {
    key: "effectiveRank",
    heading: "effective rank",
    format: withDigits,
    meaning: "exp(−Σ p·ln p) of the eigenvalues' shares p (Roy & Vetterli 2007): how many directions the kernel has.",
  },
  {
    key: "participationRatio",
    heading: "participation ratio",
    format: withDigits,
    meaning: "(Σλ)²/Σλ²: the same, led by the largest eigenvalues.",
  },
  {
    key: "labelAlignment",
    heading: "label alignment",
    format: withDecimals,
    meaning:
      "The centred alignment with y·yᵀ, y being the one-hot labels less their mean (Cristianini et al. 2001): how well the kernel fits what is to be learnt.",
  },
  {
    key: "labelAlignmentOfTrace",
    heading: "label alignment, trace kernel",
    format: withDecimals,
    meaning: "The same over inputs, of the kernel summed over equal outputs.",
  },
  {
    key: "trace",
    heading: "trace",
    format: withDigits,
    meaning: "The squared norms of all gradients together; it grows with the number of parameters.",
  },
];

/** Scores in per cent with one decimal: `87.3 ± 1.2`. */
export function scorePercent(values: readonly number[]): string {
  return spread(
    values.map((value) => 100 * value),
    (value) => formatFixed(value, 1),
  );
}

/** `0.123 ± 0.004`. */
function withDecimals(values: readonly (number | null)[]): string {
  return spread(values, (value) => formatFixed(value, 3));
}

/** Three significant digits, of the deviation two. */
function withDigits(values: readonly (number | null)[]): string {
  return spread(values, formatNumber, (deviation) => formatNumber(deviation, 2));
}

function spread(
  values: readonly (number | null)[],
  format: (value: number) => string,
  formatDeviation: (value: number) => string = format,
): string {
  const { mean, deviation } = meanAndDeviation(values);
  if (Number.isNaN(mean)) return absent;
  return deviation === undefined ? format(mean) : `${format(mean)} ± ${formatDeviation(deviation)}`;
}
