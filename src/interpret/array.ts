/** Arrays of the interpreter: row-major float64, whatever the graph's type; integers are exact to 2⁵³. */
import { sizeOf, stridesOf } from "../tensor/shape.ts";

export interface Array64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function array64(shape: readonly number[], data: ArrayLike<number> = new Float64Array(sizeOf(shape))): Array64 {
  return { shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

/** Fills an array by its index: `at` gets the multi-index of each element, which it must not keep. */
export function build(shape: readonly number[], at: (index: readonly number[]) => number): Array64 {
  const result = array64(shape);
  const index = shape.map(() => 0);
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = at(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return result;
}

/** Element of x at a multi-index, broadcast: leading axes are dropped, axes of size 1 are read at 0. */
export function read(x: Array64, index: readonly number[]): number {
  const strides = stridesOf(x.shape);
  const skipped = index.length - x.shape.length;
  let offset = 0;
  for (let axis = 0; axis < x.shape.length; axis++)
    if (x.shape[axis] !== 1) offset += index[axis + skipped]! * strides[axis]!;
  return x.data[offset]!;
}

/** Adds to the element at a multi-index. */
export function accumulate(x: Array64, index: readonly number[], amount: number): void {
  const strides = stridesOf(x.shape);
  x.data[index.reduce((offset, i, axis) => offset + i * strides[axis]!, 0)]! += amount;
}
