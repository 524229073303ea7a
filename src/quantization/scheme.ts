/** A way to keep a frozen matrix in few bits. */
import type { Value } from "../graph/value.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a matrix [out, in] is kept as, by the name of each part; the first axis of each is the matrix's rows. */
export type Parts = Readonly<Record<string, Tensor>>;
/** The same as values of a graph; rows that are looked up have other leading axes. */
export type PartValues = Readonly<Record<string, Value>>;

/** What is known of a part before its matrix is there. */
export type PartSpec = Pick<Tensor, "dtype" | "shape">;

export interface Scheme {
  /** The name of what matrices become, whatever is computed with them: schemes of one form have the same parts. */
  readonly form: string;
  /** Whether a matrix of this shape can be kept so. */
  fits(shape: readonly number[]): boolean;
  /** The types and shapes of the parts of a matrix of this shape, by their names. */
  parts(shape: readonly number[]): Readonly<Record<string, PartSpec>>;
  /** The shape of the matrix that parts of these shapes are of. */
  shape(parts: Readonly<Record<string, PartSpec>>): readonly number[];
  /** Whether parts of the form are right for the scheme's products; all are, unless it says otherwise. */
  takes?(parts: Parts): boolean;
  /** The parts of a matrix. */
  encode(matrix: Tensor<"float32">): Parts;
  /** The matrix that the parts stand for. */
  decode(parts: Parts): Tensor<"float32">;
  /** The same as a value, for rows under any leading axes. */
  value(parts: PartValues): Value;
  /** x [*i, in]·Wᵀ, where it is not computed from {@link value}. */
  timesTransposed?(x: Value, parts: PartValues): Value;
  /** y [*i, out]·W, where it is not computed from {@link value}. */
  times?(y: Value, parts: PartValues): Value;
}
