/** All that is measured of a kernel alone and beside another, as plain numbers. */
import { type Kernel, traceKernel } from "../kernel.ts";
import { alignment, centeredAlignment } from "./alignment.ts";
import { effectiveRank, participationRatio } from "./effective-rank.ts";
import { normalizedDistance, scaledDistance } from "./frobenius.ts";
import { labelAlignment } from "./labels.ts";
import { singularValues, spectrum } from "./spectrum.ts";

/** A kernel between a list of inputs and itself, described. */
export interface KernelDescription {
  /** Σ K[(i, a), (i, a)]: the squared norms of all gradients together. */
  readonly trace: number;
  /** Of the flattened kernel, the largest first; of one that is not symmetric, its singular values. */
  readonly eigenvalues: readonly number[];
  readonly effectiveRank: number;
  readonly participationRatio: number;
  /** Over pairs of input and output; NaN where all labels are the same. */
  readonly labelAlignment: number;
  /** Of the trace kernel, over inputs. */
  readonly labelAlignmentOfTrace: number;
}

/** A kernel beside the one of reference. Of a kernel that is 0, NaN. */
export interface KernelComparison {
  readonly normalizedDistance: number;
  readonly scaledDistance: number;
  readonly alignment: number;
  readonly centeredAlignment: number;
  readonly centeredAlignmentOfTrace: number;
}

/**
 * @param kernel between a list of inputs and itself, with an output for each class, or with one
 * @param labels the class of each input
 * @param isSymmetric what it is but for rounding, unless given
 * @throws Error when it is to be symmetric and is not
 */
export function describeKernel(
  kernel: Kernel,
  labels: ArrayLike<number>,
  classes: number,
  isSymmetric = true,
): KernelDescription {
  const eigenvalues = isSymmetric ? spectrum(kernel) : singularValues(kernel);
  return {
    trace: traceOf(kernel),
    eigenvalues: [...eigenvalues],
    effectiveRank: effectiveRank(eigenvalues),
    participationRatio: participationRatio(eigenvalues),
    labelAlignment: labelAlignment(kernel, labels, classes),
    labelAlignmentOfTrace: labelAlignment(traceKernel(kernel), labels, classes),
  };
}

/** How close `kernel` is to `reference`, both between the same inputs, which need not be the same for rows and columns. */
export function compareKernels(kernel: Kernel, reference: Kernel): KernelComparison {
  return {
    normalizedDistance: normalizedDistance(kernel, reference),
    scaledDistance: scaledDistance(reference, kernel),
    alignment: alignment(kernel, reference),
    centeredAlignment: centeredAlignment(kernel, reference),
    centeredAlignmentOfTrace: centeredAlignment(traceKernel(kernel), traceKernel(reference)),
  };
}

function traceOf(kernel: Kernel): number {
  const { data, shape } = traceKernel(kernel);
  let sum = 0;
  for (let i = 0; i < shape[0]; i++) sum += data[i * shape[2] + i]!;
  return sum;
}
