/** Every kernel classifier by its name. */
import type { KernelClassifier, KernelClassifierName } from "./classifier.ts";
import { logisticRegressionOnKernelRows } from "./kernel-rows.ts";
import { kernelLogisticRegression } from "./logistic-regression.ts";
import { kernelRidgeRegression } from "./ridge-regression.ts";
import { supportVectorMachine } from "./svm.ts";

export const kernelClassifiers: { readonly [name in KernelClassifierName]: KernelClassifier } = {
  "kernel-ridge-regression": kernelRidgeRegression,
  "kernel-logistic-regression": kernelLogisticRegression,
  svm: supportVectorMachine,
  "logistic-regression-on-kernel-rows": logisticRegressionOnKernelRows,
};
