/** Parts of a weight and numbers kept beside it change places, so that doing it again undoes it to the last bit. */
import { axisFromFront, sizeOf, stridesOf } from "./shape.ts";
import type { Tensor } from "./tensor.ts";
import { entriesOfBlock, isEntries, type Selection } from "./view.ts";

/**
 * Exchanges the part of `weight` that `selection` names (all of it when null) with `numbers`, both in place.
 * @param numbers as many as the part has, in row-major order
 */
export function exchange(weight: Tensor<"float32">, selection: Selection | null, numbers: Float32Array): void {
  const { data, shape } = weight;
  if (selection === null) return exchangeRuns(data, numbers, { count: 1, stride: 0, starts: [0], length: data.length });
  if (isEntries(selection))
    return exchangeRuns(data, numbers, { count: 1, stride: 0, starts: selection.entries, length: 1 });
  if (selection.within) return exchange(weight, { entries: entriesOfBlock(shape, selection) }, numbers);
  const axis = axisFromFront(selection.axis, shape.length);
  const length = stridesOf(shape)[axis]!;
  const starts = Int32Array.from(selection.indices, (index) => index * length);
  exchangeRuns(data, numbers, { count: sizeOf(shape.slice(0, axis)), stride: shape[axis]! * length, starts, length });
}

/** Runs of `length` elements that begin at `starts`, and again `stride` further on, so many times. */
interface Runs {
  readonly count: number;
  readonly stride: number;
  readonly starts: ArrayLike<number>;
  readonly length: number;
}

/** Exchanges the elements of runs with those that lie one after the other in `numbers`. */
function exchangeRuns(data: Float32Array, numbers: Float32Array, { count, stride, starts, length }: Runs): void {
  const exchangeRun = length < LONG ? oneByOne : asBlocks;
  for (let c = 0, at = 0; c < count; c++)
    for (let r = 0; r < starts.length; r++, at += length)
      exchangeRun(data, c * stride + starts[r]!, numbers, at, length);
}

/** From so many elements on, copying a run as a block is faster than element by element. */
const LONG = 64;

type ExchangeRun = (data: Float32Array, start: number, numbers: Float32Array, at: number, length: number) => void;

const oneByOne: ExchangeRun = (data, start, numbers, at, length) => {
  for (let i = 0; i < length; i++) {
    const x = data[start + i]!;
    data[start + i] = numbers[at + i]!;
    numbers[at + i] = x;
  }
};

const asBlocks: ExchangeRun = (data, start, numbers, at, length) => {
  const kept = data.slice(start, start + length);
  data.set(numbers.subarray(at, at + length), start);
  numbers.set(kept, at);
};
