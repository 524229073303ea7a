/** Gradient clipping by the global norm (Pascanu, Mikolov & Bengio 2013). */

/** The Euclidean norm of all the gradients taken as one vector. */
export function globalNorm(gradients: readonly Float32Array[]): number {
  let square = 0;
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) square += gradient[i]! * gradient[i]!;
  return Math.sqrt(square);
}

/**
 * Scales the gradients in place so that their global norm is at most `maxNorm`.
 * @returns the norm before
 */
export function clipByGlobalNorm(gradients: readonly Float32Array[], maxNorm: number): number {
  const norm = globalNorm(gradients);
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1) scaleInPlace(gradients, factor);
  return norm;
}

/** Multiplies every gradient by `factor`, in place. */
export function scaleInPlace(gradients: readonly Float32Array[], factor: number): void {
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) gradient[i]! *= factor;
}
