/** Splitting inputs into folds that have the classes in like proportion. */

/**
 * The fold in which each input is held out, 0 to `folds` − 1, as scikit-learn's StratifiedKFold assigns them without
 * shuffling: the labels, sorted, are dealt to the folds in turn, which says how many of a class each fold gets; it gets
 * them in the order of the inputs. Classes are sorted by their first appearance.
 */
export function stratifiedFolds(labels: Int32Array, folds: number): Int32Array {
  const members = new Map<number, number[]>();
  labels.forEach((label, i) => members.set(label, [...(members.get(label) ?? []), i]));
  const assigned = new Int32Array(labels.length);
  let dealt = 0;
  for (const inputs of members.values()) {
    const shares = new Int32Array(folds);
    for (let k = 0; k < inputs.length; k++) shares[dealt++ % folds]!++;
    let next = 0;
    shares.forEach((share, fold) => {
      for (let k = 0; k < share; k++) assigned[inputs[next++]!] = fold;
    });
  }
  return assigned;
}

/** How many inputs each class has. */
export function classCounts(labels: Int32Array, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (const label of labels) counts[label]!++;
  return counts;
}
