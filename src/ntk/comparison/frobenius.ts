/**
 * Distances between kernels in the Frobenius norm. Kernels of different sets of parameters differ in size by the number of
 * parameters alone, so that they are compared after each is divided by its norm; the same kernel at two moments of training is not.
 */
import { formatShape, sameShape } from "../../tensor/shape.ts";
import type { Kernel } from "../kernel.ts";

/** ⟨K, L⟩ = Σ K·L over all entries. @throws Error when the shapes differ */
export function innerProduct(kernel: Kernel, other: Kernel): number {
  expectSameShape(kernel, other);
  let sum = 0;
  for (let at = 0; at < kernel.data.length; at++) sum += kernel.data[at]! * other.data[at]!;
  return sum;
}

/** ‖K‖ = √⟨K, K⟩. */
export function frobeniusNorm(kernel: Kernel): number {
  return Math.sqrt(innerProduct(kernel, kernel));
}

/**
 * ‖K − K₀‖ / ‖K₀‖, no scale taken out: how far a kernel has moved in training from the one at initialisation, which is
 * near 0 in lazy training (Jacot et al. 2018; Chizat et al. 2019). NaN where K₀ is 0.
 */
export function relativeDistance(kernel: Kernel, initial: Kernel): number {
  return differenceNorm(kernel, 1, initial, 1) / frobeniusNorm(initial);
}

/**
 * ‖K/‖K‖ − L/‖L‖‖, the headline of how close two kernels are: symmetric, 0 where one is a multiple of the other, √2 where they have
 * nothing in common. With their alignment A it is √(2 − 2A). NaN where one of them is 0.
 */
export function normalizedDistance(kernel: Kernel, other: Kernel): number {
  return differenceNorm(kernel, 1 / frobeniusNorm(kernel), other, 1 / frobeniusNorm(other));
}

/**
 * minₛ ‖K − s·L‖ / ‖K‖: the part of K that no multiple of L explains, from 0 to 1, found at s = ⟨K, L⟩/⟨L, L⟩. With the alignment A it
 * is √(1 − A²), so that it orders kernels as `normalizedDistance` does where A is not negative. NaN where one of them is 0.
 */
export function scaledDistance(kernel: Kernel, other: Kernel): number {
  const scale = innerProduct(kernel, other) / innerProduct(other, other);
  return differenceNorm(kernel, 1, other, scale) / frobeniusNorm(kernel);
}

/** ‖s·K − t·L‖ entry by entry, since norms and products alone lose half of the digits where the two are close. */
function differenceNorm(kernel: Kernel, scale: number, other: Kernel, otherScale: number): number {
  expectSameShape(kernel, other);
  let sum = 0;
  for (let at = 0; at < kernel.data.length; at++) sum += (scale * kernel.data[at]! - otherScale * other.data[at]!) ** 2;
  return Math.sqrt(sum);
}

function expectSameShape(kernel: Kernel, other: Kernel): void {
  if (!sameShape(kernel.shape, other.shape))
    throw new Error(
      `comparison: kernels of shapes ${formatShape(kernel.shape)} and ${formatShape(other.shape)}, expected the same`,
    );
}
