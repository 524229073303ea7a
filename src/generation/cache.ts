/**
 * Keys and values of the positions that a model has read, kept on the host: for each attention two arrays
 * [rows, heads, capacity, d], whose last slots are filled. The graph reads them in place and gives back new ones alone.
 *
 * An array is a window over longer memory. New positions belong behind the last slot of every head, which is where the next head's
 * unused slots begin: they are written there, and the window moves on by as much. So all others are a slot nearer to the front,
 * nothing is copied, and the last slot is always the position before the next, as attention that counts distances expects.
 */
import type { Tensors } from "../runtime/runtime.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";

/** Slots are made in multiples of this, and a quarter more than are filled, so that copying them is little of the work. */
const BLOCK = 32;
const SPARE = 1.25;

/** One array of a cache. */
export interface CacheEntry {
  /** The names of the graph's input that reads it, and of the graph's output that goes on from it. */
  readonly fed: string;
  readonly given: string;
  readonly heads: number;
  /** Numbers of a position in one head. */
  readonly width: number;
}

export interface KeyValueCache {
  /** How many slots there are; those before the filled ones must be hidden. */
  capacity(): number;
  /** How many are filled. */
  filled(): number;
  /** What a graph is fed, each array under its name. */
  feeds(): Tensors;
  /** Takes what a graph gave, [rows, heads, positions, d], as the last positions. */
  append(outputs: Tensors): void;
  /** Row i becomes what row `from[i]` was; rows that none comes from are gone. */
  choose(from: Int32Array): void;
}

/** A cache of these arrays with nothing in it. */
export function keyValueCache(entries: readonly CacheEntry[], rowCount: number): KeyValueCache {
  let rows = rowCount;
  let filled = 0;
  let capacity = BLOCK;
  let windows = entries.map((entry) => windowOf(entry, rows, capacity, 0));

  const makeRoom = (positions: number) => {
    if (filled + positions <= capacity) return;
    const before = capacity;
    capacity = Math.ceil(((filled + positions) * SPARE) / BLOCK) * BLOCK;
    windows = windows.map((old, i) => {
      const entry = entries[i]!;
      const { heads, width } = entry;
      const window = windowOf(entry, rows, capacity, filled);
      const source = old.data.subarray((before - filled) * width);
      const target = window.data.subarray((capacity - filled) * width);
      copyRuns(source, target, { count: rows * heads, length: filled * width }, before * width, capacity * width);
      return window;
    });
  };

  return {
    capacity: () => capacity,
    filled: () => filled,
    feeds: () => Object.fromEntries(entries.map(({ fed }, i) => [fed, windows[i]!])),
    append(outputs) {
      const positions = outputs[entries[0]!.given]!.shape[2]!;
      makeRoom(positions);
      windows = windows.map((window, i) => {
        const { given, heads, width } = entries[i]!;
        const length = positions * width;
        const moved = movedOn(window, length);
        const target = moved.data.subarray(capacity * width - length);
        copyRuns(
          outputs[given]!.data as Float32Array,
          target,
          { count: rows * heads, length },
          length,
          capacity * width,
        );
        return moved;
      });
      filled += positions;
    },
    choose(from) {
      windows = windows.map((window, i) =>
        chosenRows(window, from, () => windowOf(entries[i]!, from.length, capacity, filled)),
      );
      rows = from.length;
    },
  };
}

/** A window whose memory is longer by the slots that are not filled. */
function windowOf({ heads, width }: CacheEntry, rows: number, capacity: number, filled: number): Tensor<"float32"> {
  const size = rows * heads * capacity * width;
  const memory = new Float32Array(size + (capacity - filled) * width);
  return tensor("float32", [rows, heads, capacity, width], memory.subarray(0, size));
}

/** The same window over memory that begins so many numbers later. */
function movedOn({ shape, data }: Tensor<"float32">, numbers: number): Tensor<"float32"> {
  const start = data.byteOffset + numbers * data.BYTES_PER_ELEMENT;
  return tensor("float32", shape, new Float32Array(data.buffer, start, data.length));
}

/** Copies runs of numbers, which begin every `sourceStep` and every `targetStep` numbers. */
function copyRuns(
  source: Float32Array,
  target: Float32Array,
  { count, length }: { readonly count: number; readonly length: number },
  sourceStep: number,
  targetStep: number,
): void {
  for (let run = 0; run < count; run++)
    target.set(source.subarray(run * sourceStep, run * sourceStep + length), run * targetStep);
}

/**
 * Row i of the result is row `from[i]` of x, whose memory it takes where there is room: rows that stay where they are are not copied.
 * @param larger makes the result where there is no room
 */
export function chosenRows(
  x: Tensor<"float32">,
  from: Int32Array,
  larger: () => Tensor<"float32"> = () => zeros("float32", [from.length, ...x.shape.slice(1)]),
): Tensor<"float32"> {
  const [rows, ...rest] = x.shape as [number, ...number[]];
  if (from.length === rows && from.every((source, row) => source === row)) return x;
  const size = x.data.length / rows;
  const rowOf = (source: number) => x.data.subarray(source * size, (source + 1) * size);
  if (from.length > rows) {
    const result = larger();
    from.forEach((source, row) => result.data.set(rowOf(source), row * size));
    return result;
  }
  // A row that is overwritten and read is put aside first.
  const moved = [...from.keys()].filter((row) => from[row] !== row);
  const read = new Set(moved.map((row) => from[row]!));
  const aside = new Map(moved.filter((row) => read.has(row)).map((row) => [row, rowOf(row).slice()]));
  for (const row of moved) x.data.set(aside.get(from[row]!) ?? rowOf(from[row]!), row * size);
  return from.length === rows ? x : tensor("float32", [from.length, ...rest], x.data.subarray(0, from.length * size));
}
