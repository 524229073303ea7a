/** The regularisation that predicts held-out inputs best. */
import type { FittedClassifier, KernelClassifier, KernelClassifierName, Predict, Problem } from "./classifier.ts";
import { classCounts, stratifiedFolds } from "./folds.ts";
import { kernelPart, predictedClasses, problemPart, valuesPart } from "./parts.ts";
import { checkOptions, checkPrediction, checkProblem, differenceScale, positive } from "./problem.ts";

/** Accuracies nearer than this are equal: they are means of fractions of a few inputs. */
const TIE = 1e-9;

/** What of some examples is learnt, and what that says of others: the classes predicted by each value of the grid. */
export type Trial = (train: Int32Array, test: Int32Array, grid: readonly number[]) => Iterable<Int32Array>;

/**
 * The value of the grid with the highest accuracy on held-out examples, the mean over stratified folds; of equally good
 * values the first, which is the strongest regularisation.
 * @param grid strongest first; one value alone is taken without a trial
 */
export function chooseRegularization(
  labels: Int32Array,
  folds: number,
  grid: readonly number[],
  trial: Trial,
): Pick<FittedClassifier, "regularization" | "validation"> {
  if (grid.length === 1) return { regularization: grid[0]!, validation: [] };
  const assigned = stratifiedFolds(labels, folds);
  const accuracy = new Float64Array(grid.length);
  for (let fold = 0; fold < folds; fold++) {
    const all = Int32Array.from(labels.keys());
    const [train, test] = [all.filter((i) => assigned[i] !== fold), all.filter((i) => assigned[i] === fold)];
    let at = 0;
    for (const classes of trial(train, test, grid)) {
      const right = test.filter((example, k) => labels[example] === classes[k]).length;
      accuracy[at++]! += right / test.length / folds;
    }
  }
  const best = accuracy.reduce((best, value, k) => (value > accuracy[best]! + TIE ? k : best), 0);
  return {
    regularization: grid[best]!,
    validation: grid.map((regularization, k) => ({ regularization, accuracy: accuracy[k]! })),
  };
}

/** A classifier whose regularisation is a strength, measured by the kernel, and that learns from any part of a problem. */
interface Method {
  readonly name: KernelClassifierName;
  readonly summary: string;
  readonly reference: string;
  /** The name of the strength, in units of the kernel. */
  readonly strength: string;
  /** Strengths to try, relative to the kernel's scale, strongest first. */
  readonly strengths: readonly number[];
  /** What is learnt with each strength, in units of the kernel, strongest first. */
  solutions(problem: Problem, strengths: readonly number[]): Iterable<Predict>;
}

/**
 * The classifier that chooses its strength by stratified cross-validation over the inputs, from strengths relative to
 * `differenceScale`, so that a multiple of the kernel leads to the same choice. There are no more folds than inputs of
 * the rarest class. What a kernel lacks to be positive semidefinite is added to its diagonal first (`positive`).
 */
export function crossValidated(method: Method): KernelClassifier {
  const { name, summary, reference, strength, strengths } = method;
  return {
    name,
    summary,
    reference,
    grid: { measure: `${strength} / mean of K_aa − 2·K_ab + K_bb over inputs and pairs of classes`, values: strengths },
    takesInitial: true,
    fit(given, options = {}) {
      const { folds, grid } = checkOptions(name, options, strengths, 1);
      const checked = checkProblem(name, given);
      const problem = { ...checked, kernel: positive(name, checked.kernel) };
      const scale = differenceScale(problem.kernel);
      const absolute = (relative: readonly number[]) => relative.map((value) => value * scale);
      const rarest = Math.min(...classCounts(problem.labels, problem.classes));
      const choice = chooseRegularization(problem.labels, Math.min(folds, rarest), grid, (train, test, values) =>
        heldOut(method, problem, train, test, absolute(values)),
      );
      const [solution] = [...method.solutions(problem, absolute([choice.regularization]))];
      const predict: Predict = (kernel, initial) => {
        checkPrediction(name, problem, kernel, initial);
        return solution!(kernel, initial);
      };
      return { ...choice, predict };
    },
  };
}

/** The classes of the inputs of `test`, by what is learnt from those of `train` with each strength. */
function* heldOut(
  method: Method,
  problem: Problem,
  train: Int32Array,
  test: Int32Array,
  strengths: readonly number[],
): Generator<Int32Array> {
  const { kernel, classes, initial } = problem;
  const between = kernelPart(kernel, test, train);
  const offset = initial && valuesPart(initial, kernel.shape[1], test);
  for (const predict of method.solutions(problemPart(problem, train), strengths))
    yield predictedClasses(predict(between, offset), classes);
}
