/** Logistic regression in the space of functions that the kernel spans, with that space's norm. */
import { cholesky } from "../../tensor/cholesky.ts";
import { dot, plusScaled, timesVector } from "../../tensor/vectors.ts";
import type { KernelClassifier, Predict, Problem } from "./classifier.ts";
import { crossEntropy, curvatureRoots, probabilities, residuals } from "./logistic-loss.ts";
import { type ConvexFunction, minimize } from "./newton.ts";
import { scoresOf } from "./parts.ts";
import { crossValidated } from "./selection.ts";

/**
 * f = f⁰ + K·α, α being the minimum of mean cross-entropy(f) + λ/2·αᵀKα over the n·C coordinates of all inputs and
 * outputs: what a linearised model θ ↦ f⁰ + J·(θ − θ⁰) learns by logistic regression with weight decay λ. Of one output
 * it is that of two classes. There is no intercept.
 */
export const kernelLogisticRegression: KernelClassifier = crossValidated({
  name: "kernel-logistic-regression",
  summary: "cross-entropy with the norm of the kernel's function space",
  reference: "Zhu & Hastie 2005; Rasmussen & Williams 2006, algorithms 3.1 and 3.3",
  strength: "λ",
  strengths: [10, 1, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
  *solutions(problem, strengths): Generator<Predict> {
    let alpha: Float64Array = new Float64Array(problem.labels.length * problem.kernel.shape[1]);
    for (const strength of strengths) {
      const found = minimize(penalizedLoss(problem, strength), alpha);
      alpha = found;
      yield (kernel, initial) => scoresOf(logits(kernel.data, found, initial), problem.kernel.shape[1]);
    }
  },
});

/**
 * n times what is minimised, as a function of α. Its gradient is K·r with r = p − y + nλ·α, and the minimum is where
 * r = 0: α then is (y − p)/(nλ), whatever K's null space.
 */
export function penalizedLoss({ kernel, labels, initial }: Problem, strength: number): ConvexFunction {
  const outputs = kernel.shape[1];
  const weight = labels.length * strength;
  return {
    at(alpha) {
      const image = timesVector(kernel.data, alpha);
      const f = initial ? plusScaled(image, 1, initial) : image;
      return crossEntropy(f, labels, outputs) + (weight / 2) * dot(alpha, image);
    },
    step(alpha) {
      const p = probabilities(logits(kernel.data, alpha, initial), outputs);
      const r = plusScaled(residuals(p, labels, outputs), weight, alpha);
      const gradient = timesVector(kernel.data, r);
      const step = newtonStep(kernel.data, curvatureRoots(p, outputs), outputs, weight, r, gradient);
      return { step, slope: dot(gradient, step) };
    },
  };
}

/**
 * −(W·K + μI)⁻¹·r, where W = L·Lᵀ is the curvature of the loss: by Woodbury's identity
 * −(r − L·(μI + LᵀKL)⁻¹·LᵀK·r)/μ, which has a symmetric matrix with no eigenvalue below μ.
 */
function newtonStep(
  kernel: Float64Array,
  roots: Float64Array,
  outputs: number,
  weight: number,
  r: Float64Array,
  image: Float64Array,
): Float64Array {
  const size = r.length;
  const matrix = betweenRoots(kernel, roots, outputs, size);
  for (let at = 0; at < matrix.length; at += size + 1) matrix[at]! += weight;
  const inner = cholesky(matrix, size).solve(transposedRootTimes(roots, image, outputs));
  return r.map((value, at) => (rootTimes(roots, inner, outputs, at) - value) / weight);
}

/** LᵀKL for L of blocks [C, C], one an input. */
function betweenRoots(kernel: Float64Array, roots: Float64Array, outputs: number, size: number): Float64Array {
  const right = new Float64Array(kernel.length);
  for (let row = 0; row < size; row++)
    right.set(transposedRootTimes(roots, kernel.subarray(row * size, (row + 1) * size), outputs), row * size);
  const both = new Float64Array(kernel.length);
  for (let row = 0; row < size; row++) {
    const first = row - (row % outputs);
    for (let c = 0; c < outputs; c++) {
      const factor = roots[(first + c) * outputs + (row % outputs)]!;
      const from = (first + c) * size;
      for (let column = 0; column <= row; column++) both[row * size + column]! += factor * right[from + column]!;
    }
  }
  return both;
}

/** Lᵀ·x */
function transposedRootTimes(roots: Float64Array, x: Float64Array, outputs: number): Float64Array {
  return x.map((_, at) => {
    const column = at % outputs;
    let sum = 0;
    for (let row = at - column; row < at - column + outputs; row++) sum += roots[row * outputs + column]! * x[row]!;
    return sum;
  });
}

/** One coordinate of L·x. */
function rootTimes(roots: Float64Array, x: Float64Array, outputs: number, at: number): number {
  const first = at - (at % outputs);
  let sum = 0;
  for (let c = 0; c < outputs; c++) sum += roots[at * outputs + c]! * x[first + c]!;
  return sum;
}

/** f⁰ + K·α, [m, C]. */
function logits(kernel: Float64Array, alpha: Float64Array, initial?: Float64Array): Float64Array {
  const image = timesVector(kernel, alpha);
  return initial ? plusScaled(image, 1, initial) : image;
}
