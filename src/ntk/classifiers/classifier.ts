/** What a kernel classifier is: it learns from a kernel between training inputs, and reads kernels between new inputs and those. */
import type { Kernel } from "../kernel.ts";

/** What is to be learnt. */
export interface Problem {
  /**
   * [n, C, n, C] between n training inputs, symmetric and positive semidefinite. C is the number of classes, or 1 for two
   * classes: the output then is the difference of their logits, f₁ − f₀.
   */
  readonly kernel: Kernel;
  /** The class of each input, 0 to `classes` − 1. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** [n, C]: what the model gives before it is trained, f⁰, to which the classifier adds. Nothing stands for zeros. */
  readonly initial?: Float64Array;
}

export interface FitOptions {
  /** In how many folds the inputs are split to choose the regularisation; 5 if not given. */
  readonly folds?: number;
  /** The regularisations to choose among, in the classifier's own measure (`grid`); one alone is taken as it is. */
  readonly grid?: readonly number[];
}

export interface KernelClassifier {
  readonly name: KernelClassifierName;
  readonly summary: string;
  readonly reference: string;
  readonly grid: Grid;
  /** Whether it can add to what the model gives before it is trained. */
  readonly takesInitial: boolean;
  /**
   * Learns from a problem, with the regularisation that predicts held-out inputs best.
   * @throws Error, one line, for a problem that is malformed or has less than two inputs of a class
   */
  fit(problem: Problem, options?: FitOptions): FittedClassifier;
}

export type KernelClassifierName =
  | "kernel-ridge-regression"
  | "kernel-logistic-regression"
  | "svm"
  | "logistic-regression-on-kernel-rows";

/** The regularisations that a classifier tries where none are given. */
export interface Grid {
  /** What a value of it means. */
  readonly measure: string;
  /** From the strongest regularisation to the weakest. */
  readonly values: readonly number[];
}

export interface FittedClassifier {
  /** The value of the grid that was chosen. */
  readonly regularization: number;
  /** Each value tried, strongest first, with the mean accuracy of the held-out folds; empty where there was no choice. */
  readonly validation: readonly { readonly regularization: number; readonly accuracy: number }[];
  readonly predict: Predict;
}

/**
 * From a kernel [m, C, n, C] between m inputs and those of training, and [m, C] of f⁰ if the problem had it: a score for
 * each input and class, [m, classes]. The highest is the class predicted.
 */
export type Predict = (kernel: Kernel, initial?: Float64Array) => Float64Array;
