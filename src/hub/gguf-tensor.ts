/** One tensor of a GGUF file, read piece by piece in the order of the checkpoint: as float32, or in few bits as it stands. */
import { splitQ4_0 } from "../formats/gguf-blocks.ts";
import type { GgufEntry } from "../formats/gguf.ts";
import { quote } from "../formats/text.ts";
import { int4 } from "../quantization/int4.ts";
import type { Parts } from "../quantization/scheme.ts";
import { sizeOf } from "../tensor/shape.ts";
import { zeros } from "../tensor/tensor.ts";
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
  const { type, shape, name } = entry;
  const size = sizeOf(shape);
  if (target.length !== size)
    throw new Error(`${path}: tensor ${quote(name)}: ${size} elements, the target has ${target.length}`);
  if (size === 0) return;
  // A vector is a column; one that is stored in blocks, which no layout moves, a row.
  const columns = shape.length > 1 ? shape.at(-1)! : type.size === 1 ? 1 : size;
  const place = placer(layout, target, size / columns, columns);
  for await (const { row, count, bytes } of rowsOf(handle, path, entry, columns)) {
    const values = place.direct(row, count);
    type.decode(bytes, values);
    place.settle(values, row);
  }
}

/**
 * The parts of a matrix as the file has them; null where it has the matrix in another form.
 * @param form of a {@link Scheme}
 * @param turned whether the parts are wanted of the checkpoint's matrix with rows and columns exchanged
 * @throws Error in one line when the file can no longer be read
 */
export async function readEncoded(
  handle: Source,
  path: string,
  entry: GgufEntry,
  { rowOf = (row) => row, transposed, shift = 0 }: Layout,
  form: string,
  turned: boolean,
): Promise<Parts | null> {
  const { type, shape } = entry;
  const isAsItStands = Boolean(transposed) === turned && shift === 0;
  if (form !== int4.form || type.name !== "Q4_0" || !int4.fits(shape) || !isAsItStands) return null;
  const specs = int4.parts(shape);
  const codes = zeros("uint8", specs["codes"]!.shape);
  const scales = zeros("float32", specs["scales"]!.shape);
  const [rows, width] = shape as [number, number];
  const ofRow = <T extends Uint8Array | Float32Array>(all: T, row: number) =>
    all.subarray((row * all.length) / rows, ((row + 1) * all.length) / rows) as T;
  for await (const { row, count, bytes } of rowsOf(handle, path, entry, width))
    for (let i = 0; i < count; i++) {
      const [from, to] = [(i * bytes.length) / count, ((i + 1) * bytes.length) / count];
      const at = rowOf(row + i);
      splitQ4_0(bytes.subarray(from, to), ofRow(codes.data, at), ofRow(scales.data, at));
    }
  return { codes, scales };
}

interface RowBytes {
  readonly row: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The rows of a tensor, about so many at a time as make a piece. */
async function* rowsOf(
  handle: Source,
  path: string,
  { type, shape, begin }: GgufEntry,
  columns: number,
): AsyncGenerator<RowBytes> {
  const rows = sizeOf(shape) / columns;
  const rowBytes = (columns / type.size) * type.bytes;
  const rowsAtOnce = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - row);
    const bytes = new Uint8Array(count * rowBytes);
    await readFully(handle, bytes, begin + row * rowBytes, path);
    yield { row, count, bytes };
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
