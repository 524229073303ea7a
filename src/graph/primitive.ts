/**
 * The primitives: what each is made from and which attributes it takes. Every table of rules (shapes, pullbacks, lowerings,
 * interpretation) is keyed by this one, so a primitive that lacks a row anywhere does not compile.
 */
import type { Value } from "./value.ts";

/** A size: a number, or the name of one that varies from run to run. Equal names are equal sizes. */
export type Dim = number | string;
export type Shape = readonly Dim[];
/**
 * Element types of a graph's values; codes of quantised numbers are of 8 bits. Arithmetic is float32; the interpreter reads the same
 * graph in float64.
 */
export type ValueType = "float32" | "int64" | "bool" | "int8" | "uint8";

type Unary<Attrs = null> = { operands: [x: Value]; attrs: Attrs };
type Binary = { operands: [a: Value, b: Value]; attrs: null };
type Reduction = Unary<{ readonly axes: readonly number[]; readonly keepDims: boolean }>;
interface Selection {
  readonly axis: number;
  readonly indices: readonly number[];
}

export interface Primitives {
  /** A value fed at each run: data or a parameter. */
  input: { operands: []; attrs: { readonly name: string; readonly shape: Shape; readonly type: ValueType } };
  /** One number, filling a shape; a scalar has the shape []. */
  constant: {
    operands: [];
    attrs: { readonly value: number; readonly type: ValueType; readonly shape: readonly number[] };
  };
  /** The numbers of a vector, as float32. */
  vector: { operands: []; attrs: { readonly values: readonly number[] } };
  /** 0, 1, 2, … as long as `axis` of x. */
  iota: Unary<{ readonly axis: number }>;
  /** The number of elements x has along `axes`, as a float scalar. */
  count: Unary<{ readonly axes: readonly number[] }>;

  add: Binary;
  sub: Binary;
  mul: Binary;
  div: Binary;
  equal: Binary;
  greater: Binary;
  /** a where the condition holds, else b. */
  select: { operands: [condition: Value, a: Value, b: Value]; attrs: null };

  neg: Unary;
  exp: Unary;
  log: Unary;
  sqrt: Unary;
  cos: Unary;
  sin: Unary;
  tanh: Unary;
  erf: Unary;
  sigmoid: Unary;
  relu: Unary;
  /** x·Φ(x) (Hendrycks & Gimpel 2016), Φ the normal distribution function. */
  gelu: Unary;
  /** x·σ(x). */
  silu: Unary;
  cast: Unary<{ readonly to: ValueType }>;
  /** x, through which no gradient goes. */
  stopGradient: Unary;
  /** x, not before `other` is computed: what is made of it is not what is made of x. */
  after: { operands: [x: Value, other: Value]; attrs: null };
  /** Running sums along `axis`. */
  cumsum: Unary<{ readonly axis: number }>;

  sum: Reduction;
  mean: Reduction;

  /** x repeated to the shape of `like`. */
  expand: { operands: [x: Value, like: Value]; attrs: null };
  transpose: Unary<{ readonly perm: readonly number[] }>;
  unsqueeze: Unary<{ readonly axis: number }>;
  squeeze: Unary<{ readonly axis: number }>;
  /** [batch, sequence, heads · d] → [batch, heads, sequence, d]. */
  splitHeads: Unary<{ readonly heads: number }>;
  /** [batch, heads, sequence, d] → [batch, sequence, heads · d]. */
  mergeHeads: Unary;

  /** The size n of `axis` as two, [n / inner, inner]. */
  splitAxis: Unary<{ readonly axis: number; readonly inner: number }>;
  /** `axis` and the one after it as one. */
  mergeAxes: Unary<{ readonly axis: number }>;

  /**
   * x [batch, sequence, *] → its slices where the mask [batch, sequence] is not zero, row by row, [1, tokens, *]. `tokens` is how many
   * there are, or the name of that.
   */
  unpad: { operands: [x: Value, mask: Value]; attrs: { readonly tokens: Dim } };
  /** Zeros [batch, sequence, *], with the slices of x [1, tokens, *] where the mask [batch, sequence] is not zero. */
  pad: { operands: [x: Value, mask: Value]; attrs: null };
  /** x [batch, heads, sequence, d] → merged and without padding, [1, tokens, heads · d]. */
  unpadHeads: { operands: [x: Value, mask: Value]; attrs: { readonly tokens: Dim } };
  /** x [1, tokens, heads · d] → with zeros for padding and split, [batch, heads, sequence, d]. */
  padHeads: { operands: [x: Value, mask: Value]; attrs: { readonly heads: number } };

  /** x [*, n, n + m] → [*, n, m]: y[i, j] = x[i, n − 1 − i + j] (skewing, Huang et al. 2019, §3.4.1). */
  skew: Unary;
  /** x [*, n, m] → zeros [*, n, n + m] with x[i, j] at [i, n − 1 − i + j]. */
  unskew: Unary;

  /** a, then b, along `axis`. */
  concat: { operands: [a: Value, b: Value]; attrs: { readonly axis: number } };
  /** The slices of x from `start` on to before `end`, or to the last where that is null, along `axis`. */
  slice: Unary<{ readonly axis: number; readonly start: number; readonly end: number | null }>;
  /** The first slices of x along `axis`, as many as `like` has along `likeAxis`, or the rest after them. */
  sliceLike: {
    operands: [x: Value, like: Value];
    attrs: { readonly axis: number; readonly likeAxis: number; readonly side: "first" | "rest" };
  };
  /** The slices of x at fixed `indices` along `axis`. */
  take: Unary<Selection>;
  /** Zeros shaped as `like`, with the slices at `indices` along `axis` being those of x; the indices are distinct. */
  put: { operands: [x: Value, like: Value]; attrs: Selection };
  /**
   * `base` with its slices at `indices` along `axis` replaced by `slices`; the indices are distinct. The slices of a matrix may be
   * cut to where they cross the slices `within` of its other axis.
   */
  replace: { operands: [base: Value, slices: Value]; attrs: Selection & { readonly within: readonly number[] | null } };
  /** The elements of x at `index` [k], numbered row by row, as a vector [k]. */
  takeEntries: { operands: [x: Value, index: Value]; attrs: null };
  /** `base` with its elements at `index` [k], numbered row by row and distinct, replaced by `values` [k]. */
  replaceEntries: { operands: [base: Value, values: Value, index: Value]; attrs: null };
  /** Rows of a table [n, …] by index [*i] → [*i, …]. */
  gather: { operands: [table: Value, index: Value]; attrs: null };
  /** Zeros shaped as the table `like`, with x [*i, …] added to the rows at index [*i]. */
  scatterAdd: { operands: [x: Value, index: Value, like: Value]; attrs: null };
  /** The rows of x [*i, n], numbered through all its leading axes, at index [*j] → [*j, n]. */
  gatherRows: { operands: [x: Value, index: Value]; attrs: null };
  /** Zeros shaped as `like` [*i, n], with x [*j, n] added to the rows at index [*j], numbered as in gatherRows. */
  scatterRows: { operands: [x: Value, index: Value, like: Value]; attrs: null };
  /** x [*i, n] less 1 at index [*i] of the last axis. */
  minusOneHot: { operands: [x: Value, index: Value]; attrs: null };

  /** Products of the last two axes; leading axes are equal or 1, or b is a matrix. */
  matmul: { operands: [a: Value, b: Value]; attrs: { readonly transposeA: boolean; readonly transposeB: boolean } };
  /** x [*i, in], weight [out, in], bias [out] → x·weightᵀ + bias [*i, out]. */
  linear: { operands: [x: Value, weight: Value, bias: Value]; attrs: null };
  /** a [*i, m] and b [*i, n] → Σᵢ aᵢᵀbᵢ [m, n]: the shape of every weight gradient. */
  contract: Binary;

  /** Over the last axis, kept: the largest magnitude by reach, at least 1e-30: what one step of a code is worth that goes so many either way. */
  codeScale: { operands: [x: Value]; attrs: { readonly reach: number } };
  /** x [*i, n] in steps of scale [*i, 1], to the nearest whole one, ties to even, counted from zero, as codes from 0 to 255. */
  encode: { operands: [x: Value, scale: Value]; attrs: { readonly zero: number } };
  /**
   * Codes a [*i, k] that stand for a − zero, and b [k, n], int8 → Σₖ (a − zero)·b · scale [*i, n], float32; scale is one number or [n].
   * Wrong on some processors where a product at an even k and the next one add to what 16 bits do not hold.
   */
  integerMatmul: { operands: [a: Value, b: Value, scale: Value]; attrs: { readonly zero: number } };
  /** Codes [*i, n], int8 or uint8, and scale [*i] → (codes − zero)·scale [*i, n], float32. */
  dequantize: { operands: [codes: Value, scale: Value]; attrs: { readonly zero: number } };
  /** Bytes [*i, n] → their lower halves, then their upper ones [*i, 2n], uint8 from 0 to 15. */
  halfBytes: Unary;

  /** Over the last axis. */
  softmax: Unary;
  /** x [*i, n] and index [*i] → −log of the softmax of x at index, [*i]: the cross-entropy of scores and a label. */
  negativeLogLikelihood: { operands: [x: Value, index: Value]; attrs: null };
  /** Over the last axis: (x − mean)/√(variance + epsilon)·scale + shift. */
  layerNorm: { operands: [x: Value, scale: Value, shift: Value]; attrs: { readonly epsilon: number } };
  /** Over the last axis, kept: 1/√(variance + epsilon). */
  inverseStd: Unary<{ readonly epsilon: number }>;
  /** Over the last axis: x/√(mean of x² + epsilon)·scale. */
  rmsNorm: { operands: [x: Value, scale: Value]; attrs: { readonly epsilon: number } };
  /** Over the last axis, kept: 1/√(mean of x² + epsilon). */
  inverseRms: Unary<{ readonly epsilon: number }>;
  /**
   * x [batch, heads, sequence, d] with pairs (a, b) of each head's numbers turned to (a·cos − b·sin, a·sin + b·cos), by cos and sin
   * [batch, sequence, r]. Of the first 2r of the d numbers, i is paired with i + r or, interleaved, 2i with 2i + 1; the rest stay.
   */
  rotate: { operands: [x: Value, cos: Value, sin: Value]; attrs: { readonly interleaved: boolean } };
}
export type Primitive = keyof Primitives;

/** Families, as the tables of rules are divided. */
export type Comparison = "equal" | "greater";
export type Arithmetic = "add" | "sub" | "mul" | "div";
export type Elementary =
  | "neg"
  | "exp"
  | "log"
  | "sqrt"
  | "cos"
  | "sin"
  | "tanh"
  | "erf"
  | "sigmoid"
  | "relu"
  | "gelu"
  | "silu"
  | "cast"
  | "stopGradient";
export type Elementwise = Arithmetic | Comparison | Elementary | "select";
export type Reshaping =
  | "after"
  | "expand"
  | "transpose"
  | "unsqueeze"
  | "squeeze"
  | "splitHeads"
  | "mergeHeads"
  | "splitAxis"
  | "mergeAxes"
  | "skew"
  | "unskew";
export type Indexing =
  | "concat"
  | "slice"
  | "sliceLike"
  | "take"
  | "put"
  | "replace"
  | "takeEntries"
  | "replaceEntries"
  | "gather"
  | "scatterAdd"
  | "gatherRows"
  | "scatterRows"
  | "minusOneHot";
export type Padding = "unpad" | "pad" | "unpadHeads" | "padHeads";
export type Product = "matmul" | "linear" | "contract";
export type Coding = "codeScale" | "encode" | "integerMatmul" | "dequantize" | "halfBytes";

export type Operands<P extends Primitive> = Primitives[P]["operands"];
export type Attrs<P extends Primitive> = Primitives[P]["attrs"];
