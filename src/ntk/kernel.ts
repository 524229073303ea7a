/** The empirical neural tangent kernel as numbers: K[(i, a), (j, b)] = ⟨∂f_a(x_i)/∂θ, ∂f_b(x_j)/∂θ⟩ (Jacot et al. 2018). */
import type { Tensor } from "../tensor/tensor.ts";

/** A kernel between two lists of inputs, over every output of a model. */
export interface Kernel {
  /** [inputs of the rows, outputs, inputs of the columns, outputs]. */
  readonly shape: readonly [rows: number, outputs: number, columns: number, columnOutputs: number];
  /** In that order, the last index varying fastest. */
  readonly data: Float64Array;
}

/** A kernel of zeros. */
export function zeroKernel(rows: number, columns: number, outputs: number): Kernel {
  return { shape: [rows, outputs, columns, outputs], data: new Float64Array(rows * outputs * columns * outputs) };
}

/** A kernel as it was kept, float64 [rows, outputs, columns, outputs]. @throws Error beginning with `where` for another tensor. */
export function kernelOfTensor({ dtype, shape, data }: Tensor, where: string): Kernel {
  const [rows, outputs, columns, columnOutputs, ...more] = shape;
  if (!(data instanceof Float64Array) || columnOutputs === undefined || more.length > 0)
    throw new Error(`${where}: ${dtype} of shape [${shape.join(", ")}], expected a kernel, float64 of four axes`);
  return { shape: [rows!, outputs!, columns!, columnOutputs], data };
}

/** Where K[(i, a), (j, b)] stands in a kernel's data. */
export function entryOf(
  { shape: [, outputs, columns, columnOutputs] }: Kernel,
  i: number,
  a: number,
  j: number,
  b: number,
): number {
  return ((i * outputs + a) * columns + j) * columnOutputs + b;
}

/** Σₐ K[(i, a), (j, a)], a kernel of one output: how alike two inputs are to the model as a whole. */
export function traceKernel(kernel: Kernel): Kernel {
  const [rows, outputs, columns, columnOutputs] = kernel.shape;
  if (outputs !== columnOutputs)
    throw new Error(
      `trace kernel: ${outputs} outputs of the rows and ${columnOutputs} of the columns, expected as many`,
    );
  const traced = zeroKernel(rows, columns, 1);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      for (let a = 0; a < outputs; a++) traced.data[i * columns + j]! += kernel.data[entryOf(kernel, i, a, j, a)]!;
  return traced;
}

/** The kernel between some of the inputs, in the order in which they are named. */
export function subkernel(kernel: Kernel, rows: readonly number[], columns: readonly number[]): Kernel {
  const [, outputs, , columnOutputs] = kernel.shape;
  const data = new Float64Array(rows.length * outputs * columns.length * columnOutputs);
  let at = 0;
  for (const i of rows)
    for (let a = 0; a < outputs; a++)
      for (const j of columns)
        for (let b = 0; b < columnOutputs; b++) data[at++] = kernel.data[entryOf(kernel, i, a, j, b)]!;
  return { shape: [rows.length, outputs, columns.length, columnOutputs], data };
}

/** A kernel as the matrix it is: a row for each pair (i, a), a column for each pair (j, b). It shares the kernel's data. */
export interface KernelMatrix {
  readonly rows: number;
  readonly columns: number;
  /** One row after the other. */
  readonly data: Float64Array;
}

/** Nothing is moved, since a kernel's data is already in that order. */
export function flattened({ shape: [rows, outputs, columns, columnOutputs], data }: Kernel): KernelMatrix {
  return { rows: rows * outputs, columns: columns * columnOutputs, data };
}
