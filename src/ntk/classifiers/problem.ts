/** What a problem must be before a kernel classifier learns from it. */
import { cholesky } from "../../tensor/cholesky.ts";
import { type Kernel, entryOf } from "../kernel.ts";
import type { FitOptions, Problem } from "./classifier.ts";
import { classCounts } from "./folds.ts";

/** How far a symmetric kernel's halves may lie apart, in units of its largest entry: what float32 leaves of gradients. */
const ASYMMETRY = 1e-4;
const FOLDS = 5;

/**
 * The problem, its kernel made symmetric to the last digit.
 * @throws Error for shapes that do not fit, numbers that are not finite, a kernel that is not symmetric or says nothing
 *   of the classes, and less than two inputs of a class
 */
export function checkProblem(name: string, problem: Problem): Problem {
  const { kernel, labels, classes, initial } = problem;
  const [n, outputs, columns, columnOutputs] = kernel.shape;
  const fail = (met: string, expected: string) => new Error(`${name}: ${met}, expected ${expected}`);
  if (n !== columns || outputs !== columnOutputs)
    throw fail(`a kernel of ${kernel.shape.join(" × ")}`, "one between the training inputs, n × C × n × C");
  if (!(classes >= 2)) throw fail(`${classes} classes`, "at least 2");
  if (outputs !== classes && !(outputs === 1 && classes === 2))
    throw fail(`${outputs} outputs for ${classes} classes`, "an output for each class, or one for two classes");
  if (labels.length !== n) throw fail(`${labels.length} labels for ${n} inputs`, "one for each");
  const stray = labels.find((label) => !(label >= 0 && label < classes));
  if (stray !== undefined) throw fail(`label ${stray}`, `0 to ${classes - 1}`);
  const few = classCounts(labels, classes).findIndex((count) => count < 2);
  if (few >= 0) throw fail(`less than two inputs of class ${few} among ${n}`, "at least two of each class");
  checkValues(name, kernel, [n, outputs, n, outputs]);
  if (initial) checkInitial(name, initial, n, outputs);
  const even = symmetric(name, kernel);
  if (!(differenceScale(even) > 0))
    throw fail("a kernel that is the same for all classes", "one that tells them apart");
  return { ...problem, kernel: even };
}

/** The kernel of new inputs, and f⁰ of them, are such that what was learnt from `problem` can read them. */
export function checkPrediction(name: string, problem: Problem, kernel: Kernel, initial?: Float64Array): void {
  const [n, outputs] = problem.kernel.shape;
  const rows = kernel.shape[0];
  checkValues(name, kernel, [rows, outputs, n, outputs]);
  if (!problem.initial !== !initial)
    throw new Error(
      `${name}: ${initial ? "initial outputs" : "no initial outputs"} where it predicts, expected ${initial ? "none, as where it learnt" : "them, as where it learnt"}`,
    );
  if (initial) checkInitial(name, initial, rows, outputs);
}

function checkValues(name: string, { shape, data }: Kernel, expected: readonly number[]): void {
  if (shape.some((size, axis) => size !== expected[axis]))
    throw new Error(`${name}: a kernel of ${shape.join(" × ")}, expected ${expected.join(" × ")}`);
  const size = expected.reduce((product, axis) => product * axis, 1);
  if (data.length !== size) throw new Error(`${name}: ${data.length} numbers in a kernel, expected ${size}`);
  const odd = data.find((value) => !Number.isFinite(value));
  if (odd !== undefined) throw new Error(`${name}: ${odd} in a kernel, expected finite numbers`);
}

function checkInitial(name: string, initial: Float64Array, rows: number, outputs: number): void {
  if (initial.length !== rows * outputs)
    throw new Error(`${name}: ${initial.length} initial outputs for ${rows} inputs, expected ${rows} × ${outputs}`);
  const odd = initial.find((value) => !Number.isFinite(value));
  if (odd !== undefined) throw new Error(`${name}: ${odd} among the initial outputs, expected finite numbers`);
}

/** (K + Kᵀ)/2, where K is symmetric but for rounding. */
function symmetric(name: string, kernel: Kernel): Kernel {
  const size = Math.sqrt(kernel.data.length);
  const data = new Float64Array(kernel.data.length);
  let [largest, apart] = [0, 0];
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const [one, other] = [kernel.data[i * size + j]!, kernel.data[j * size + i]!];
      data[i * size + j] = (one + other) / 2;
      largest = Math.max(largest, Math.abs(one));
      apart = Math.max(apart, Math.abs(one - other));
    }
  if (apart > ASYMMETRY * largest)
    throw new Error(
      `${name}: a kernel whose halves lie ${(apart / largest).toPrecision(2)} of its largest entry apart, expected a symmetric one`,
    );
  return { shape: kernel.shape, data };
}

/**
 * The kernel with nothing, or what `cholesky` needs, added to its diagonal: what float32 leaves of gradients gives a kernel
 * small negative eigenvalues, where a function's norm would be no norm.
 * @throws Error where it has large ones
 */
export function positive(name: string, { shape, data }: Kernel): Kernel {
  const size = shape[0] * shape[1];
  const { shift } = cholesky(data, size, name);
  const shifted = data.slice();
  for (let at = 0; at < shifted.length; at += size + 1) shifted[at]! += shift;
  return { shape, data: shifted };
}

/**
 * The mean of ‖∂(f_a − f_b)(x_i)/∂θ‖² over inputs and pairs of classes, which the strength of regularisation is measured
 * by. What all outputs have in common is not in it, as no class is told by it: label words' logits often rise and fall
 * together. Of one output, it is the mean diagonal entry.
 */
export function differenceScale(kernel: Kernel): number {
  const [n, outputs] = kernel.shape;
  const at = (i: number, a: number, b: number) => kernel.data[entryOf(kernel, i, a, i, b)]!;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    if (outputs === 1) sum += at(i, 0, 0);
    for (let a = 0; a < outputs; a++) for (let b = 0; b < a; b++) sum += at(i, a, a) - 2 * at(i, a, b) + at(i, b, b);
  }
  return sum / n / Math.max(1, (outputs * (outputs - 1)) / 2);
}

/**
 * Folds and grid, the strongest regularisation first.
 * @param direction 1 where a higher value regularises more, −1 where it regularises less
 */
export function checkOptions(
  name: string,
  { folds = FOLDS, grid }: FitOptions,
  usual: readonly number[],
  direction: 1 | -1,
): { folds: number; grid: readonly number[] } {
  if (!(Number.isInteger(folds) && folds >= 2)) throw new Error(`${name}: ${folds} folds, expected at least 2`);
  const values = [...(grid ?? usual)].sort((a, b) => direction * (b - a));
  const odd = values.find((value) => !(Number.isFinite(value) && value > 0));
  if (odd !== undefined) throw new Error(`${name}: regularisation ${odd}, expected a positive number`);
  if (values.length === 0) throw new Error(`${name}: an empty grid, expected at least one regularisation`);
  return { folds, grid: values };
}
