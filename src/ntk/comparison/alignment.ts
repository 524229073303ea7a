/** The alignment of kernels: the cosine of the angle between them as vectors of entries. */
import { flattened, type Kernel } from "../kernel.ts";
import { frobeniusNorm, innerProduct } from "./frobenius.ts";

/** ⟨K, L⟩ / (‖K‖·‖L‖), from 0 to 1 for kernels (Cristianini et al. 2001). NaN where one of them is 0. */
export function alignment(kernel: Kernel, other: Kernel): number {
  const cosine = innerProduct(kernel, other) / (frobeniusNorm(kernel) * frobeniusNorm(other));
  return Math.max(-1, Math.min(1, cosine));
}

/**
 * The alignment of the kernels centred (Cortes, Mohri & Rostamizadeh 2012, definition 4; the CKA of Kornblith et al. 2019). What the
 * inputs all have in common, most of a pretrained model's kernel, no longer counts. NaN where one of them is the same everywhere.
 */
export function centeredAlignment(kernel: Kernel, other: Kernel): number {
  const [k, l] = [centered(kernel), centered(other)];
  return isRounding(k, kernel) || isRounding(l, other) ? NaN : alignment(k, l);
}

/** Whether a kernel that was the same everywhere has left nothing but the error of its means. */
function isRounding(difference: Kernel, kernel: Kernel): boolean {
  return frobeniusNorm(difference) <= 1e-13 * frobeniusNorm(kernel);
}

/** H·K·H of the flattened kernel, H = I − 11ᵀ/n: every row and every column loses its mean. */
export function centered(kernel: Kernel): Kernel {
  const { rows, columns, data } = flattened(kernel);
  const rowMeans = new Float64Array(rows);
  const columnMeans = new Float64Array(columns);
  let mean = 0;
  for (let i = 0, at = 0; i < rows; i++)
    for (let j = 0; j < columns; j++, at++) {
      rowMeans[i]! += data[at]! / columns;
      columnMeans[j]! += data[at]! / rows;
    }
  for (const rowMean of rowMeans) mean += rowMean / rows;
  const without = data.map(
    (entry, at) => entry - rowMeans[Math.floor(at / columns)]! - columnMeans[at % columns]! + mean,
  );
  return { shape: kernel.shape, data: without };
}
