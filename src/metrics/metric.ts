/** A measure of how well predictions agree with labels. */
export interface Metric {
  /** As the GLUE metric of the evaluate library calls it. */
  readonly name: string;
  /** The reference implementation whose numbers it gives, with its version. */
  readonly reference: string;
  /**
   * From the label and the prediction of each example, in the same order: class numbers for classification, values for
   * regression.
   * @throws Error when there are no examples, or not as many labels as predictions.
   */
  compute(labels: ArrayLike<number>, predictions: ArrayLike<number>): number;
}

/** The number of examples, once `labels` and `predictions` are known to be as many and not none. */
export function countPairs(name: string, labels: ArrayLike<number>, predictions: ArrayLike<number>): number {
  if (labels.length !== predictions.length) {
    throw new Error(`${name}: ${predictions.length} predictions for ${labels.length} labels, expected one for each`);
  }
  if (labels.length === 0) throw new Error(`${name}: no examples, expected at least one`);
  return labels.length;
}
