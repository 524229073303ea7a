/** Arithmetic of concrete shapes: pure functions on arrays of sizes. */

/** The number of elements of `shape`; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Row-major strides of `shape`, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Whether two shapes agree in every axis. */
export function sameShape(a: readonly (number | string)[], b: readonly (number | string)[]): boolean {
  return a.length === b.length && a.every((n, axis) => n === b[axis]);
}

/** `axis` counted from the front, for a tensor of `rank` axes; -1 is the last. */
export function axisFromFront(axis: number, rank: number): number {
  const counted = axis < 0 ? axis + rank : axis;
  if (counted < 0 || counted >= rank) throw new RangeError(`axis ${axis} of a tensor of rank ${rank}`);
  return counted;
}

/** A shape as people write it: `[8, 128, 768]`. */
export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}
