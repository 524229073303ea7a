/**
 * How much a row, a column or an entry of a weight matters to calibration data (Kowsher et al., ACL 2025, after the score of
 * Wanda, Sun et al., ICLR 2024): its weights' magnitudes times the 2-norm of what meets them.
 */
import type { Tensor } from "../tensor/tensor.ts";
import type { ModuleNorms } from "./evidence.ts";

/** Scores of a weight [out, in], from the norms of its module. */
export type Importance = (weight: Tensor<"float32">, norms: ModuleNorms) => Float32Array;

/** Of each row i: ‖Y_:,i‖ · Σ_j |W_ij|, with Y the module's output. */
export const rowImportance: Importance = ({ data, shape }, { output }) => {
  const [out, inner] = shape as [number, number];
  return Float32Array.from(
    { length: out },
    (_, i) => output[i]! * data.subarray(i * inner, (i + 1) * inner).reduce((sum, w) => sum + Math.abs(w), 0),
  );
};

/** Of each column j: ‖X_:,j‖ · Σ_i |W_ij|, with X the module's input. */
export const columnImportance: Importance = ({ data, shape }, { input }) => {
  const [, inner] = shape as [number, number];
  const sums = new Float64Array(inner);
  data.forEach((w, at) => (sums[at % inner]! += Math.abs(w)));
  return Float32Array.from(sums, (sum, j) => input[j]! * sum);
};

/** Of each entry: ‖X_:,j‖ · |W_ij|. */
export const entryImportance: Importance = ({ data, shape }, { input }) => {
  const [, inner] = shape as [number, number];
  return data.map((w, at) => Math.abs(w) * input[at % inner]!);
};
