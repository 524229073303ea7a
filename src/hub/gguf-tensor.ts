/** One tensor of a GGUF file, read piece by piece into an array of float32 in the order of the checkpoint. */
import type { GgufEntry } from "../formats/gguf.ts";
import { quote } from "../formats/text.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Layout } from "./gguf-architectures.ts";
import { readFully, type Source } from "./pieces.ts";

/** About so many bytes are read at a time. */
const PIECE_BYTES = 2 ** 20;

/**
 * Fills `target` with the numbers of the tensor `entry` of the file `path`, laid out by `layout`.
 * @throws Error in one line for a target of another length, or when the file can no longer be read.
 */
export async function readTensor(
  handle: Source,
  path: string,
  entry: GgufEntry,
  layout: Layout,
  target: Float32Array,
): Promise<void> {
  const { type, shape, begin, name } = entry;
  const size = sizeOf(shape);
  if (target.length !== size)
    throw new Error(`${path}: tensor ${quote(name)}: ${size} elements, the target has ${target.length}`);
  if (size === 0) return;
  // A vector is a column; one that is stored in blocks, which no layout moves, a row.
  const columns = shape.length > 1 ? shape.at(-1)! : type.size === 1 ? 1 : size;
  const rowBytes = (columns / type.size) * type.bytes;
  const rowsAtOnce = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  const rows = size / columns;
  const place = placer(layout, target, rows, columns);
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - row);
    const bytes = new Uint8Array(count * rowBytes);
    await readFully(handle, bytes, begin + row * rowBytes, path);
    const values = place.direct(row, count);
    type.decode(bytes, values);
    place.settle(values, row);
  }
}

interface Placer {
  /** Where `count` rows from `row` on are decoded to. */
  readonly direct: (row: number, count: number) => Float32Array;
  /** Brings what was decoded to where it belongs. */
  readonly settle: (values: Float32Array, row: number) => void;
}

function placer({ rowOf, transposed, shift = 0 }: Layout, target: Float32Array, rows: number, columns: number): Placer {
  const inPlace = (row: number, count: number): Float32Array => target.subarray(row * columns, (row + count) * columns);
  const aside = (_: number, count: number): Float32Array => new Float32Array(count * columns);
  if (transposed)
    return {
      direct: aside,
      settle: (values, row) => {
        for (let i = 0; i < values.length; i++)
          target[(i % columns) * rows + row + Math.floor(i / columns)] = values[i]!;
      },
    };
  if (rowOf)
    return {
      direct: aside,
      settle: (values, row) => {
        for (let i = 0; i * columns < values.length; i++)
          target.set(values.subarray(i * columns, (i + 1) * columns), rowOf(row + i) * columns);
      },
    };
  return {
    direct: inPlace,
    settle: (values) => {
      if (shift !== 0) for (let i = 0; i < values.length; i++) values[i]! += shift;
    },
  };
}
