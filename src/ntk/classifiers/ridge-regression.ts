/** Least squares in the space of functions that the kernel spans, with that space's norm. */
import { cholesky } from "../../tensor/cholesky.ts";
import { timesVector } from "../../tensor/vectors.ts";
import type { KernelClassifier, Predict, Problem } from "./classifier.ts";
import { scoresOf } from "./parts.ts";
import { crossValidated } from "./selection.ts";

/**
 * f = f⁰ + K·α with (K + λI)·α = Y − f⁰, over the n·C coordinates of all inputs and outputs: the minimum of
 * ‖f − Y‖² + λ·αᵀKα.
 *
 * The targets Y are 1 − 1/C for an input's class and −1/C for the others. They sum to zero, since there is no intercept
 * that could learn what is common to all inputs: a class that the kernel knows nothing about should draw no output. For
 * one output f₁ − f₀ that makes 1 and −1.
 */
export const kernelRidgeRegression: KernelClassifier = crossValidated({
  name: "kernel-ridge-regression",
  summary: "least squares on the classes' indicators, with the norm of the kernel's function space",
  reference: "Saunders, Gammerman & Vovk 1998; Micchelli & Pontil 2005 for several outputs",
  strength: "λ",
  strengths: [100, 10, 1, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
  *solutions(problem, strengths): Generator<Predict> {
    const { kernel, initial } = problem;
    const [n, outputs] = kernel.shape;
    const targets = targetsOf(problem);
    for (const strength of strengths) {
      const matrix = kernel.data.slice();
      for (let at = 0; at < matrix.length; at += n * outputs + 1) matrix[at]! += strength;
      const residual = targets.map((target, at) => target - (initial?.[at] ?? 0));
      const alpha = cholesky(matrix, n * outputs).solve(residual);
      yield (kernel, initial) =>
        scoresOf(
          timesVector(kernel.data, alpha).map((value, at) => value + (initial?.[at] ?? 0)),
          outputs,
        );
    }
  },
});

/** [n, C] */
function targetsOf({ kernel, labels, classes }: Problem): Float64Array {
  const outputs = kernel.shape[1];
  if (outputs === 1) return Float64Array.from(labels, (label) => (label === 1 ? 1 : -1));
  return Float64Array.from({ length: labels.length * outputs }, (_, at) => {
    return Number(labels[Math.floor(at / outputs)] === at % outputs) - 1 / classes;
  });
}
