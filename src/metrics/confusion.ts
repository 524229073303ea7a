/** The margins and the diagonal of a confusion matrix, which is all the metrics here need of it. */

/** How often a class is the label, is the prediction, and is both. */
export interface ClassCounts {
  labelled: number;
  predicted: number;
  hits: number;
}

/** The counts of every class among `labels` or `predictions`, which are of equal length. */
export function countClasses(labels: ArrayLike<number>, predictions: ArrayLike<number>): Map<number, ClassCounts> {
  const classes = new Map<number, ClassCounts>();
  const countsOf = (label: number) => {
    let counts = classes.get(label);
    if (!counts) classes.set(label, (counts = { labelled: 0, predicted: 0, hits: 0 }));
    return counts;
  };
  for (let i = 0; i < labels.length; i++) {
    const [label, prediction] = [labels[i]!, predictions[i]!];
    countsOf(label).labelled++;
    countsOf(prediction).predicted++;
    if (label === prediction) countsOf(label).hits++;
  }
  return classes;
}
