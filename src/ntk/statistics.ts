/** What is said of a few numbers, one for each split. */

export interface Spread {
  /** NaN of no numbers. */
  readonly mean: number;
  /** With n − 1; undefined of fewer than two. */
  readonly deviation: number | undefined;
}

/** The mean and the standard deviation over splits, of what could be measured. */
export function meanAndDeviation(measured: readonly (number | null)[]): Spread {
  const values = measured.filter((value): value is number => value !== null && !Number.isNaN(value));
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { mean, deviation: undefined };
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)) };
}
