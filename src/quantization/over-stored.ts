/** A graph over matrices that are stored in few bits, and what is fed to it. */
import { add, after, concat, gather, input, matmul, take } from "../graph/ops.ts";
import type { ValueType } from "../graph/primitive.ts";
import { linearOfReplaced, productOfReplaced, scaleOnce } from "../graph/replaced.ts";
import { type Rewrite, rewrites, simplify } from "../graph/simplify.ts";
import { stacked, sumOfProducts } from "../graph/stacked.ts";
import { isOp, type Value } from "../graph/value.ts";
import { rebuild } from "../graph/walk.ts";
import { axisFromFront } from "../tensor/shape.ts";
import type { FileRegion } from "../runtime/constants.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Parts, PartSpec, PartValues, Scheme } from "./scheme.ts";

/** A part of a stored matrix: in memory, or in a file. */
export interface StoredPart extends PartSpec {
  read(): Tensor;
  /** Where its bytes lie, if they lie in a file as they would in memory. */
  readonly region?: FileRegion;
}

/** A matrix that is to be stored in few bits: enough to build graphs. */
export interface StoredSpec {
  readonly scheme: Scheme;
  readonly parts: Readonly<Record<string, PartSpec>>;
}

/** A matrix that is stored in few bits. */
export interface StoredMatrix extends StoredSpec {
  readonly parts: Readonly<Record<string, StoredPart>>;
}
/** Stored matrices by the names of the parameters that they are. */
export type StoredMatrices = ReadonlyMap<string, StoredMatrix>;

/** A matrix in few bits, in memory. */
export const storedMatrix = (scheme: Scheme, matrix: Tensor<"float32">): StoredMatrix =>
  inMemory(scheme, scheme.encode(matrix));

/** A matrix by its parts, which are in memory. */
export function inMemory(scheme: Scheme, parts: Parts): StoredMatrix {
  const held = Object.entries(parts).map(([name, part]) => [name, { ...part, read: () => part }]);
  return { scheme, parts: Object.fromEntries(held) as StoredMatrix["parts"] };
}

/** The matrix that is stored. */
export function decoded({ scheme, parts }: StoredMatrix): Tensor<"float32"> {
  return scheme.decode(Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.read()])));
}

/** The form of stored matrices; null where none is stored. */
export const formOf = (stored: StoredMatrices): string | null => [...stored.values()][0]?.scheme.form ?? null;

/** The name under which a part of a stored matrix is fed. */
export const partName = (parameter: string, part: string): string => `${parameter}.${part}`;

interface StoredValue {
  readonly scheme: Scheme;
  readonly parts: PartValues;
}

/**
 * `outputs`, inputs that are stored matrices read by their parts: products as the scheme has them, looked up rows alone, and whatever else
 * by the matrix put together. Rows and columns that replace some of a matrix stay float32.
 */
export function overStored(
  outputs: Readonly<Record<string, Value>>,
  stored: ReadonlyMap<string, StoredSpec>,
): Record<string, Value> {
  const known = new Map([...stored].map(([name, matrix]) => [name, asValues(name, matrix)]));
  const of = (x: Value): StoredValue | null => {
    if (isOp(x, "concat") && x.attrs.axis === 0) return oneBelowTheOther(x.operands.map(of));
    return (isOp(x, "input") && known.get(x.attrs.name)) || null;
  };
  const isOver = (x: Value): boolean => of(x) !== null || (isOp(x, "replace") && isOver(x.operands[0]));
  const hasProduct = (x: Value) => of(x)?.scheme.times !== undefined;
  const summed = simplify(Object.values(outputs), [sumOfProducts((a, b) => stacked(a, b, hasProduct))]);
  const rules = [...apartWhere(isOver), ...storedRules(of), scaleOnce, ...rewrites];
  const whole = rebuild(simplify(summed, rules), (value) => {
    const matrix = of(value);
    return matrix ? matrix.scheme.value(matrix.parts) : value;
  });
  const values = simplify(whole);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, values[i]!]));
}

function asValues(name: string, { scheme, parts }: StoredSpec): StoredValue {
  const values = Object.entries(parts).map(([part, { shape, dtype }]) => [
    part,
    input(partName(name, part), shape, dtype as ValueType),
  ]);
  return { scheme, parts: Object.fromEntries(values) as PartValues };
}

/** Matrices of one scheme as one matrix. */
function oneBelowTheOther([above, below]: readonly (StoredValue | null)[]): StoredValue | null {
  if (!above || !below || above.scheme !== below.scheme) return null;
  const parts = Object.entries(above.parts).map(([name, part]) => [name, concat(part, below.parts[name]!, 0)]);
  return { scheme: above.scheme, parts: Object.fromEntries(parts) as PartValues };
}

/** Rewrites of products over replaced matrices, where the matrix is stored. */
const apartWhere = (isOver: (x: Value) => boolean): Rewrite[] =>
  [linearOfReplaced, productOfReplaced].map(
    (rule) => (y) => ((isOp(y, "linear") || isOp(y, "matmul")) && isOver(y.operands[1]) ? rule(y) : null),
  );

/** Rewrites of what reads a stored matrix. */
function storedRules(of: (x: Value) => StoredValue | null): Rewrite[] {
  const product: Rewrite = (y) => {
    if (!isOp(y, "linear") && (!isOp(y, "matmul") || y.attrs.transposeA)) return null;
    const matrix = of(y.operands[1]);
    if (!matrix) return null;
    const [x] = y.operands;
    const product = productOf(matrix.scheme, isOp(y, "linear") || y.attrs.transposeB)(x, matrix.parts);
    return isOp(y, "linear") ? add(product, y.operands[2]) : product;
  };
  const lookup: Rewrite = (y) => {
    const matrix = isOp(y, "gather") || isOp(y, "take") ? of(y.operands[0]) : null;
    if (!matrix || (isOp(y, "take") && axisFromFront(y.attrs.axis, 2) !== 0)) return null;
    const rows = (part: Value) =>
      isOp(y, "gather") ? gather(part, y.operands[1]) : take(part, 0, (y as Value<"take">).attrs.indices);
    return matrix.scheme.value(mapped(matrix.parts, rows));
  };
  return [product, lookup];
}

/** A scheme's own product with x, or that with the matrix put together: anew for each product, so that it does not live in between. */
function productOf({ timesTransposed, times, value }: Scheme, transposeB: boolean) {
  const whole = (x: Value, parts: PartValues) =>
    matmul(x, value(mapped(parts, (part) => after(part, x))), { transposeB });
  return (transposeB ? timesTransposed : times) ?? whole;
}

const mapped = (parts: PartValues, f: (part: Value) => Value): PartValues =>
  Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, f(part)]));
