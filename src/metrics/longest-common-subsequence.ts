/** How a place of the table was reached: both items are the same, or one of the two is left out. */
const SAME = 0;
const WITHOUT_B = 1;
const WITHOUT_A = 2;

/**
 * A longest common subsequence of `a` and `b`, as its places in `a` in ascending order. Of several, the one that is read
 * from the ends of both: equal items are taken together, else that of `b` is left out where more is then in common than
 * without that of `a`, and that of `a` in every other case. Takes a.length · b.length steps and bytes.
 */
export function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number[] {
  const moves = tabulate(a, b);
  const places: number[] = [];
  let [i, j] = [a.length - 1, b.length - 1];
  while (i >= 0 && j >= 0) {
    const move = moves[i * b.length + j];
    if (move === SAME) places.push(i);
    if (move !== WITHOUT_B) i--;
    if (move !== WITHOUT_A) j--;
  }
  return places.reverse();
}

/** The last move to each pair of beginnings of `a` and `b`, [a.length, b.length]. */
function tabulate(a: readonly string[], b: readonly string[]): Uint8Array {
  const moves = new Uint8Array(a.length * b.length);
  /** What `a` up to the present item and the first j + 1 items of `b` have in common. */
  const lengths = new Uint32Array(b.length);
  for (let i = 0; i < a.length; i++) {
    const item = a[i];
    let [withoutB, withoutBoth] = [0, 0];
    for (let j = 0; j < b.length; j++) {
      const withoutA = lengths[j]!;
      const move = item === b[j] ? SAME : withoutB > withoutA ? WITHOUT_B : WITHOUT_A;
      withoutB = move === SAME ? withoutBoth + 1 : Math.max(withoutB, withoutA);
      withoutBoth = withoutA;
      lengths[j] = withoutB;
      moves[i * b.length + j] = move;
    }
  }
  return moves;
}
