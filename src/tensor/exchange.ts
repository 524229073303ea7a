/** Parts of a weight and numbers kept beside it change places, so that doing it again undoes it to the last bit. */
import { axisFromFront, sizeOf, stridesOf } from "./shape.ts";
import type { Tensor } from "./tensor.ts";
import { isEntries, type Selection } from "./view.ts";

/**
 * Exchanges the part of `weight` that `selection` names (all of it when null) with `numbers`, both in place.
 * @param numbers as many as the part has, in row-major order
 */
export function exchange({ data, shape }: Tensor<"float32">, selection: Selection | null, numbers: Float32Array): void {
  if (selection === null) return exchangeRuns(data, numbers, [0], data.length);
  if (isEntries(selection)) return exchangeRuns(data, numbers, selection.entries, 1);
  const axis = axisFromFront(selection.axis, shape.length);
  const run = stridesOf(shape)[axis]!;
  const outer = sizeOf(shape.slice(0, axis));
  const starts = Array.from({ length: outer }, (_, o) =>
    selection.indices.map((index) => (o * shape[axis]! + index) * run),
  );
  exchangeRuns(data, numbers, starts.flat(), run);
}

/** Exchanges runs of `length` elements that begin at `starts` with those that lie one after the other in `numbers`. */
function exchangeRuns(data: Float32Array, numbers: Float32Array, starts: ArrayLike<number>, length: number): void {
  for (let r = 0, at = 0; r < starts.length; r++) {
    const start = starts[r]!;
    for (let i = start; i < start + length; i++, at++) {
      const x = data[i]!;
      data[i] = numbers[at]!;
      numbers[at] = x;
    }
  }
}
