/** How many directions a kernel has, counted by their weight and not by whether they are exactly 0. */

/**
 * exp(−Σ pₖ·ln pₖ) with pₖ = |λₖ|/Σ|λ|, from 1 for one direction to n for n equal ones (Roy & Vetterli 2007, of the singular values,
 * which are a symmetric matrix's |λ|). 0 where every eigenvalue is.
 */
export function effectiveRank(eigenvalues: ArrayLike<number>): number {
  const { sum } = moments(eigenvalues);
  if (sum === 0) return 0;
  let entropy = 0;
  for (let k = 0; k < eigenvalues.length; k++) {
    const share = Math.abs(eigenvalues[k]!) / sum;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return Math.exp(entropy);
}

/** (Σ|λ|)²/Σλ², the participation ratio: never above the effective rank, and led by the largest eigenvalues. 0 where every one is. */
export function participationRatio(eigenvalues: ArrayLike<number>): number {
  const { sum, squares } = moments(eigenvalues);
  return squares === 0 ? 0 : sum ** 2 / squares;
}

function moments(eigenvalues: ArrayLike<number>): { sum: number; squares: number } {
  let [sum, squares] = [0, 0];
  for (let k = 0; k < eigenvalues.length; k++) {
    sum += Math.abs(eigenvalues[k]!);
    squares += eigenvalues[k]! ** 2;
  }
  return { sum, squares };
}
