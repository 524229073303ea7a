/** The recipe of LM-Kernel-FT: rows of the kernel as features of an ordinary logistic regression. */
import { cholesky } from "../../tensor/cholesky.ts";
import { dot, plusScaled, timesVector, transposedTimesVector } from "../../tensor/vectors.ts";
import type { Kernel } from "../kernel.ts";
import type { Grid, KernelClassifier, Problem } from "./classifier.ts";
import { classCounts } from "./folds.ts";
import { crossEntropy, probabilities, residuals, softplus } from "./logistic-loss.ts";
import { type ConvexFunction, minimize } from "./newton.ts";
import { differenceKernel } from "./parts.ts";
import { checkOptions, checkPrediction, checkProblem } from "./problem.ts";
import { chooseRegularization } from "./selection.ts";

const name = "logistic-regression-on-kernel-rows";
const grid: Grid = {
  measure: "C, the weight of the losses against ‖w‖²/2",
  values: Array.from({ length: 10 }, (_, k) => 10 ** ((8 * k) / 9 - 4)),
};

/** Curvatures p·(1 − p) below this count as this, so that a step exists where every example is beyond doubt. */
const FLAT = 1e-14;

/**
 * Logistic regression with an intercept that is not penalised, minimising C·Σ log-loss + ‖w‖²/2, its features the kernel's
 * rows. It is what scikit-learn's `LogisticRegressionCV(max_iter=10000)` approaches: ten values of C, five folds, the best
 * mean accuracy, the lowest such C. The norm is that of the rows' weights, not the kernel's: as a kernel machine it has
 * the kernel K². The grid is absolute, as there, so a multiple of the kernel is another problem. There are fewer folds
 * only where every class has fewer examples, which scikit-learn refuses.
 *
 * Of one or two outputs, the examples are the inputs and the kernel is that of f₁ − f₀ (`--binary_classification` there).
 * Of more, as the published code does by flattening kernel and indicators, each pair of an input and an output is an
 * example with n·C features, positive where the output is the input's class; one regression is shared by all outputs, and
 * an input's class is the output of the highest log-odds. Folds then are of such pairs, so that those of one input may
 * stand on both sides.
 */
export const logisticRegressionOnKernelRows: KernelClassifier = {
  name,
  summary: "the published recipe: the kernel's rows as features of logistic regression",
  reference: "Malladi et al. 2023, LM-Kernel-FT's LogisticKernelSolver; scikit-learn's LogisticRegressionCV",
  grid,
  takesInitial: false,
  fit(given, options = {}) {
    if (given.initial) throw new Error(`${name}: initial outputs, expected none: features have no place for them`);
    const asked = checkOptions(name, options, grid.values, -1);
    const problem = checkProblem(name, given);
    const { features, targets } = examplesOf(problem);
    const folds = Math.min(asked.folds, Math.max(...classCounts(targets, 2)));
    const choice = chooseRegularization(targets, folds, asked.grid, (train, test, grid) =>
      heldOut(features, targets, train, test, grid),
    );
    const [model] = [...regressions(features, targets, [choice.regularization])];
    return {
      ...choice,
      predict(kernel, initial) {
        checkPrediction(name, problem, kernel, initial);
        const odds = logOdds(featuresOf(kernel), model!);
        return kernel.shape[1] > 2 ? odds : logProbabilities(odds);
      },
    };
  },
};

/** A row of features for each input, or for each pair of an input and an output. */
function featuresOf(kernel: Kernel): Float64Array {
  return kernel.shape[1] === 2 ? differenceKernel(kernel, 1, 0) : kernel.data;
}

/** The features of the training examples, and whether each is positive. */
function examplesOf({ kernel, labels }: Problem): { features: Float64Array; targets: Int32Array } {
  const outputs = kernel.shape[1];
  if (outputs <= 2) return { features: featuresOf(kernel), targets: labels };
  const targets = Int32Array.from({ length: labels.length * outputs }, (_, at) => {
    return Number(labels[Math.floor(at / outputs)] === at % outputs);
  });
  return { features: featuresOf(kernel), targets };
}

/** Whether each example of `test` is positive, by the regressions on those of `train`. */
function* heldOut(
  features: Float64Array,
  targets: Int32Array,
  train: Int32Array,
  test: Int32Array,
  grid: readonly number[],
): Generator<Int32Array> {
  const width = features.length / targets.length;
  const rows = (examples: Int32Array) => {
    const chosen = new Float64Array(examples.length * width);
    examples.forEach((example, k) => chosen.set(features.subarray(example * width, (example + 1) * width), k * width));
    return chosen;
  };
  const unseen = rows(test);
  const known = train.map((example) => targets[example]!);
  for (const model of regressions(rows(train), known, grid))
    yield Int32Array.from(logOdds(unseen, model), (odds) => Number(odds > 0));
}

/** The weights of the features and, last, the intercept, for each value of C, from the smallest on. */
function* regressions(features: Float64Array, targets: Int32Array, grid: readonly number[]): Generator<Float64Array> {
  const gram = gramOf(features, targets.length);
  let model: Float64Array = new Float64Array(features.length / targets.length + 1);
  for (const c of grid) {
    model = minimize(penalizedLoss(features, gram, targets, 1 / c), model);
    yield model;
  }
}

function logOdds(features: Float64Array, model: Float64Array): Float64Array {
  const intercept = model.at(-1)!;
  return timesVector(features, model.subarray(0, -1)).map((value) => value + intercept);
}

/** log p of both classes, [m, 2] */
function logProbabilities(odds: Float64Array): Float64Array {
  return Float64Array.from({ length: 2 * odds.length }, (_, at) => {
    return -softplus(at % 2 === 0 ? odds[at >> 1]! : -odds[at >> 1]!);
  });
}

/** Σ log-loss + μ/2·‖w‖² of weights and intercept, μ = 1/C. */
export function penalizedLoss(
  features: Float64Array,
  gram: Float64Array,
  targets: Int32Array,
  mu: number,
): ConvexFunction {
  return {
    at(model) {
      const weights = model.subarray(0, -1);
      return crossEntropy(logOdds(features, model), targets, 1) + (mu / 2) * dot(weights, weights);
    },
    step(model) {
      const p = probabilities(logOdds(features, model), 1);
      const r = residuals(p, targets, 1);
      const gradient = plusScaled(transposedTimesVector(features, r), mu, model.subarray(0, -1));
      const slopeOfIntercept = r.reduce((sum, value) => sum + value, 0);
      const roots = p.map((value) => Math.sqrt(Math.max(value * (1 - value), FLAT)));
      const step = newtonStep(features, gram, roots, mu, gradient, slopeOfIntercept);
      return { step, slope: dot(gradient, step.subarray(0, -1)) + slopeOfIntercept * step.at(-1)! };
    },
  };
}

/**
 * −H⁻¹·(g, h) for H = [XᵀS²X + μI, XᵀS²1; 1ᵀS²X, 1ᵀS²1], S being the diagonal of `roots`. With B = μI + S·XXᵀ·S, which has
 * a row for each example, Woodbury's identity gives (XᵀS²X + μI)⁻¹ = (I − XᵀS·B⁻¹·SX)/μ, u = XᵀS·B⁻¹·S1 is that inverse
 * times XᵀS²1, and μ·1ᵀS·B⁻¹·S1 the complement by which the intercept's step is divided.
 */
function newtonStep(
  features: Float64Array,
  gram: Float64Array,
  roots: Float64Array,
  mu: number,
  g: Float64Array,
  h: number,
): Float64Array {
  const size = roots.length;
  const matrix = gram.map((value, at) => value * roots[Math.floor(at / size)]! * roots[at % size]!);
  for (let at = 0; at < matrix.length; at += size + 1) matrix[at]! += mu;
  const { solve } = cholesky(matrix, size);
  const scaled = (x: Float64Array) => x.map((value, i) => value * roots[i]!);
  const ones = solve(roots.slice());
  const u = transposedTimesVector(features, scaled(ones));
  const inner = transposedTimesVector(features, scaled(solve(scaled(timesVector(features, g)))));
  const intercept = (dot(u, g) - h) / (mu * dot(roots, ones));
  const weights = g.map((value, i) => (inner[i]! - value) / mu - intercept * u[i]!);
  return Float64Array.of(...weights, intercept);
}

/** X·Xᵀ for features X with a row for each example. */
export function gramOf(features: Float64Array, examples: number): Float64Array {
  const width = features.length / examples;
  const gram = new Float64Array(examples * examples);
  for (let i = 0; i < examples; i++)
    gram.set(timesVector(features, features.subarray(i * width, (i + 1) * width)), i * examples);
  return gram;
}
