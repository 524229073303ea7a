/** The cross-entropy of logits, its gradient and its curvature; of one logit that of two classes. */

/** Σᵢ −log p(yᵢ) for logits [n, C]. */
export function crossEntropy(logits: Float64Array, labels: Int32Array, outputs: number): number {
  let sum = 0;
  labels.forEach((label, i) => {
    const own = logits.subarray(i * outputs, (i + 1) * outputs);
    sum += outputs === 1 ? softplus(label === 1 ? -own[0]! : own[0]!) : logSumExp(own) - own[label]!;
  });
  return sum;
}

/** The probability of each class, [n, C]; of one logit that of class 1. */
export function probabilities(logits: Float64Array, outputs: number): Float64Array {
  if (outputs === 1) return logits.map(sigmoid);
  return logits.map((logit, at) => {
    const first = at - (at % outputs);
    return Math.exp(logit - logSumExp(logits.subarray(first, first + outputs)));
  });
}

/** The gradient in the logits, p − y. */
export function residuals(p: Float64Array, labels: Int32Array, outputs: number): Float64Array {
  return p.map((value, at) => value - Number(labels[Math.floor(at / outputs)] === (outputs === 1 ? 1 : at % outputs)));
}

/**
 * L of each input's curvature diag(p) − p·pᵀ = L·Lᵀ: L = diag(√p) − p·√pᵀ, [n, C, C]; of one logit √(p·(1 − p)).
 */
export function curvatureRoots(p: Float64Array, outputs: number): Float64Array {
  if (outputs === 1) return p.map((value) => Math.sqrt(value * (1 - value)));
  return Float64Array.from({ length: p.length * outputs }, (_, at) => {
    const row = Math.floor(at / outputs);
    const column = row - (row % outputs) + (at % outputs);
    return (Number(row === column) - p[row]!) * Math.sqrt(p[column]!);
  });
}

/** log(1 + eˣ) */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function sigmoid(x: number): number {
  return Math.exp(-softplus(-x));
}

function logSumExp(values: Float64Array): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
