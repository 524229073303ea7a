/** How well a kernel fits what is to be learned: its alignment with the kernel that the labels themselves make. */
import { entryOf, type Kernel, traceKernel, zeroKernel } from "../kernel.ts";
import { centeredAlignment } from "./alignment.ts";

/**
 * y·yᵀ for the one-hot labels y[(i, a)], 1 where a is the label of input i, less the share of label a among the inputs. Its trace
 * kernel is large between inputs of one class and negative between classes.
 * @param labels the class of each input, from 0 to `classes` − 1
 * @throws Error when a label is none of the classes
 */
export function labelKernel(labels: ArrayLike<number>, classes: number): Kernel {
  const n = labels.length;
  const counts = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new Error(`label kernel: label ${label} of input ${i}, expected 0 to ${classes - 1}`);
    counts[label]!++;
  }
  const y = Float64Array.from({ length: n * classes }, (_, at) => {
    const a = at % classes;
    return Number(labels[Math.floor(at / classes)] === a) - counts[a]! / n;
  });
  const kernel = zeroKernel(n, n, classes);
  for (let i = 0; i < n; i++)
    for (let a = 0; a < classes; a++)
      for (let j = 0; j < n; j++)
        for (let b = 0; b < classes; b++)
          kernel.data[entryOf(kernel, i, a, j, b)] = y[i * classes + a]! * y[j * classes + b]!;
  return kernel;
}

/**
 * The centred alignment with y·yᵀ (Cristianini et al. 2001): of a kernel with an output for each class over the pairs (i, a), of one
 * with a single output, such as a trace kernel, over the inputs. NaN where all labels are the same.
 */
export function labelAlignment(kernel: Kernel, labels: ArrayLike<number>, classes: number): number {
  const target = labelKernel(labels, classes);
  return centeredAlignment(kernel, kernel.shape[1] === 1 ? traceKernel(target) : target);
}
