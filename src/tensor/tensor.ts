/** A tensor on the host: elements, their type and their shape; nothing else. */
import { allocate, type ArrayOf, type DType, fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./dtype.ts";
import { formatShape, sizeOf } from "./shape.ts";

export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: ArrayOf[D];
}

/**
 * Puts `data` in row-major order under `shape`, without a copy.
 * @throws RangeError when the number of elements does not fit the shape.
 */
export function tensor<D extends DType>(dtype: D, shape: readonly number[], data: ArrayOf[D]): Tensor<D> {
  if (data.length !== sizeOf(shape))
    throw new RangeError(`tensor: ${data.length} elements do not fill the shape ${formatShape(shape)}`);
  return { dtype, shape, data };
}

/** A tensor of zeros. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  return tensor(dtype, shape, allocate(dtype, sizeOf(shape)));
}

const widening: { readonly [D in DType]?: (bits: number) => number } = { float16: fromFloat16, bfloat16: fromBfloat16 };

/** `source` as float32: the tensor itself if it is so already, else a converted copy. Integers beyond 2²⁴ lose precision. */
export function toFloat32(source: Tensor): Tensor<"float32"> {
  if (isFloat32(source)) return source;
  const widen = widening[source.dtype] ?? Number;
  const result = zeros("float32", source.shape);
  for (let i = 0; i < result.data.length; i++) result.data[i] = widen(source.data[i] as number);
  return result;
}

function isFloat32(source: Tensor): source is Tensor<"float32"> {
  return source.dtype === "float32";
}

/** The type a tensor's numbers are stored in: as they are computed with, or in half the room. */
export type FloatType = "float32" | "float16" | "bfloat16";

const narrowed: { readonly [F in Exclude<FloatType, "float32">]: (value: number) => number } = {
  float16: toFloat16,
  bfloat16: toBfloat16,
};

/** The tensor rounded to `dtype`, to the nearest and to even. */
export function toFloatType(source: Tensor<"float32">, dtype: FloatType): Tensor {
  if (dtype === "float32") return source;
  const round = narrowed[dtype];
  return tensor(dtype, source.shape, Uint16Array.from(source.data, round));
}

/** How many rows and columns of a matrix are turned at a time, so that neither side is read across more memory than is near. */
const TILE = 32;

/** A matrix with rows and columns exchanged. */
export function transposed({ shape, data }: Tensor<"float32">): Tensor<"float32"> {
  if (shape.length !== 2) throw new Error(`${formatShape(shape)}: expected a matrix`);
  const [rows, columns] = shape as [number, number];
  const turned = zeros("float32", [columns, rows]);
  for (let top = 0; top < rows; top += TILE)
    for (let left = 0; left < columns; left += TILE)
      for (let i = top; i < Math.min(top + TILE, rows); i++)
        for (let j = left; j < Math.min(left + TILE, columns); j++) turned.data[j * rows + i] = data[i * columns + j]!;
  return turned;
}
