/** Rewrites that keep a graph's value and make it cheaper, each a rule of its own; `simplify` applies them all, bottom up. */
import { axisFromFront } from "../tensor/shape.ts";
import { factoredRewrites } from "./factored.ts";
import { likelihoodRewrites } from "./likelihood.ts";
import { numberRewrites } from "./numbers.ts";
import { concat, constant, contract, linear, matmul, mul, replace, sum, take } from "./ops.ts";
import { isOp, type Value } from "./value.ts";
import { rebuild } from "./walk.ts";

/** A cheaper value equal to the given one, or null where the rule has nothing to say. */
export type Rewrite = (value: Value) => Value | null;

const isConstant = (x: Value, value: number): boolean =>
  isOp(x, "constant") ? x.attrs.value === value : isOp(x, "expand") && isConstant(x.operands[0], value);
const shapedLike = (x: Value, y: Value) =>
  x.shape.length === y.shape.length && x.shape.every((n, axis) => n === y.shape[axis]);

/** x + 0 → x, where the zero did not broadcast x. */
export const addZero: Rewrite = (y) => {
  if (!isOp(y, "add")) return null;
  const [a, b] = y.operands;
  if (isConstant(b, 0) && shapedLike(a, y)) return a;
  return isConstant(a, 0) && shapedLike(b, y) ? b : null;
};

/** 1·x → x and x/1 → x. */
export const timesOne: Rewrite = (y) => {
  if (!isOp(y, "mul") && !isOp(y, "div")) return null;
  const [a, b] = y.operands;
  if (isConstant(b, 1) && shapedLike(a, y)) return a;
  return isOp(y, "mul") && isConstant(a, 1) && shapedLike(b, y) ? b : null;
};

/** x where a condition holds and else x → x. */
export const eitherWay: Rewrite = (y) =>
  isOp(y, "select") && y.operands[1] === y.operands[2] && shapedLike(y.operands[1], y) ? y.operands[1] : null;

/** Elementwise operations broadcast by themselves: op(expand(x), y) → op(x, y) where the shape stays. */
export const expandInside: Rewrite = (y) => {
  if (!isOp(y, "add") && !isOp(y, "sub") && !isOp(y, "mul") && !isOp(y, "div")) return null;
  const [a, b] = y.operands;
  if (isOp(a, "expand") && shapedLike(b, y)) return { ...y, operands: [a.operands[0], b] };
  return isOp(b, "expand") && shapedLike(a, y) ? { ...y, operands: [a, b.operands[0]] } : null;
};

/** Rows S of aᵀb → (columns S of a)ᵀb, and columns S of aᵀb → aᵀ(columns S of b): the gradient of RoCoFT's rows and columns. */
export const takeInsideContract: Rewrite = (y) => {
  if (!isOp(y, "take") || !isOp(y.operands[0], "contract")) return null;
  const [a, b] = y.operands[0].operands;
  const { axis, indices } = y.attrs;
  return axisFromFront(axis, 2) === 0 ? contract(take(a, -1, indices), b) : contract(a, take(b, -1, indices));
};

/**
 * Some columns of x·Wᵀ + b → x·(rows of W)ᵀ + (numbers of b), and of a product in the same way: the scores of a few words, without
 * those of a whole vocabulary. Cheaper only where nothing else reads the product, so it is for graphs whose gradient is not yet taken.
 */
export const takeInsideProduct: Rewrite = (y) => {
  if (!isOp(y, "take")) return null;
  const [product] = y.operands;
  const { axis, indices } = y.attrs;
  const last = product.shape.length - 1;
  if (axisFromFront(axis, product.shape.length) !== last || indices.length >= Number(product.shape[last])) return null;
  if (isOp(product, "linear")) {
    const [x, weight, bias] = product.operands;
    return linear(x, take(weight, 0, indices), take(bias, 0, indices));
  }
  if (!isOp(product, "matmul")) return null;
  const [a, b] = product.operands;
  return matmul(a, take(b, product.attrs.transposeB ? -2 : -1, indices), product.attrs);
};

/**
 * Slices of a replacement along another axis → the replacement of the slices; what lies under both belongs to the replacement. Slices
 * that the replacement leaves as they are → those of what is under it.
 */
export const takeInsideReplace: Rewrite = (y) => {
  if (!isOp(y, "take") || !isOp(y.operands[0], "replace")) return null;
  const { operands, attrs } = y.operands[0];
  const [base, slices] = operands;
  const rank = base.shape.length;
  const { indices } = y.attrs;
  const taken = (x: Value, at: readonly number[] = indices) => take(x, y.attrs.axis, at);
  const isAlong = axisFromFront(attrs.axis, rank) === axisFromFront(y.attrs.axis, rank);
  const touched = isAlong ? attrs.indices : attrs.within;
  if (touched && !indices.some((index) => touched.includes(index))) return taken(base);
  if (isAlong) return null;
  if (touched && !indices.every((index) => touched.includes(index))) return null;
  const cut = touched ? indices.map((index) => touched.indexOf(index)) : indices;
  return replace(taken(base), taken(slices, cut), attrs.axis, attrs.indices);
};

/** Slices of [a; b], those of a first → [slices of a; slices of b]: nothing has to look through both. */
export const takeInsideConcat: Rewrite = (y) => {
  if (!isOp(y, "take") || !isOp(y.operands[0], "concat")) return null;
  const [joined] = y.operands;
  const [a, b] = joined.operands;
  const { axis, indices } = y.attrs;
  const at = axisFromFront(axis, y.shape.length);
  const size = a.shape[at]!;
  if (axisFromFront(joined.attrs.axis, y.shape.length) !== at || typeof size !== "number") return null;
  const found = indices.findIndex((index) => index >= size);
  if (found < 0) return take(a, axis, indices);
  const [ofA, rest] = [indices.slice(0, found), indices.slice(found)];
  if (rest.some((index) => index < size)) return null;
  const ofB = take(
    b,
    axis,
    rest.map((index) => index - size),
  );
  return found === 0 ? ofB : concat(take(a, axis, ofA), ofB, axis);
};

/** Slices of a filled shape → a smaller one. */
export const takeOfConstant: Rewrite = (y) => {
  if (!isOp(y, "take") || !isOp(y.operands[0], "constant")) return null;
  const { value, type } = y.operands[0].attrs;
  return constant(value, type, y.shape as readonly number[]);
};

/** All slices in order → the whole. */
export const takeAll: Rewrite = (y) => {
  if (!isOp(y, "take") || !shapedLike(y.operands[0], y)) return null;
  return y.attrs.indices.every((index, i) => index === i) ? y.operands[0] : null;
};

/**
 * Row sums of (a·bᵀ) ∘ P → those of a ∘ (P·b), P a softmax: the sums of attention's gradient, by the result that is there already
 * (Dao et al. 2022, FlashAttention, appendix B.2).
 */
export const rowSumsOfAttention: Rewrite = (y) => {
  if (!isOp(y, "sum") || !isOp(y.operands[0], "mul") || !isOverLast(y)) return null;
  const [product, weights] = y.operands[0].operands;
  if (!isOp(product, "matmul") || !isOp(weights, "softmax") || !shapedLike(product, weights)) return null;
  const [a, b] = product.operands;
  const { transposeA, transposeB } = product.attrs;
  return transposeA || !transposeB ? null : sum(mul(a, matmul(weights, b)), [-1], y.attrs.keepDims);
};
const isOverLast = ({ operands: [x], attrs: { axes } }: Value<"sum">): boolean =>
  axes.length === 1 && axisFromFront(axes[0]!, x.shape.length) === x.shape.length - 1;

/** Transposing twice: one transposition, or none. */
export const transposeTwice: Rewrite = (y) => {
  if (!isOp(y, "transpose") || !isOp(y.operands[0], "transpose")) return null;
  const inner = y.operands[0];
  const perm = y.attrs.perm.map((axis) => inner.attrs.perm[axis]!);
  return perm.every((axis, i) => axis === i)
    ? inner.operands[0]
    : { ...y, operands: [inner.operands[0]], attrs: { perm } };
};

/** Inverse pairs: split and merged heads, added and removed axes, −(−x). */
export const inverses: Rewrite = (y) => {
  const x = (y.operands as readonly Value[])[0];
  if (x === undefined) return null;
  const undone =
    (isOp(y, "mergeHeads") && isOp(x, "splitHeads")) ||
    (isOp(y, "splitHeads") && isOp(x, "mergeHeads") && shapedLike(y, x.operands[0])) ||
    (isOp(y, "squeeze") && isOp(x, "unsqueeze") && shapedLike(y, x.operands[0])) ||
    (isOp(y, "neg") && isOp(x, "neg"));
  return undone ? (x.operands as readonly Value[])[0]! : null;
};

/**
 * `replace(W, R)` → W, for slices as for single entries. Right only where R is a view of W's own memory: W already holds R
 * (RoCoFT's in-place training).
 * @param apart the names of those that are not
 */
export const replaceInPlace =
  (apart: ReadonlySet<string> = new Set()): Rewrite =>
  (y) => {
    if (!isOp(y, "replace") && !isOp(y, "replaceEntries")) return null;
    const [base, part] = y.operands;
    return isOp(part, "input") && !apart.has(part.attrs.name) ? base : null;
  };

/** Once gradients are taken, a value through which none goes is an ordinary one. */
export const dropStopGradient: Rewrite = (y) => (isOp(y, "stopGradient") ? y.operands[0] : null);

/** Rewrites for any graph. */
export const rewrites: readonly Rewrite[] = [
  addZero,
  timesOne,
  eitherWay,
  expandInside,
  takeInsideContract,
  takeInsideReplace,
  takeInsideConcat,
  takeOfConstant,
  takeAll,
  transposeTwice,
  inverses,
  rowSumsOfAttention,
  ...Object.values(numberRewrites),
  ...Object.values(factoredRewrites),
  ...Object.values(likelihoodRewrites),
];

/** Rewrites for a forward pass whose gradient is not yet taken. */
export const forwardRewrites: readonly Rewrite[] = [takeInsideProduct, ...rewrites];

/**
 * The same values, cheaper: `rules` are applied bottom up until none has anything to say, and equal values become one.
 * Values nobody reaches any more are gone, and with them what only they needed.
 */
export function simplify(outputs: readonly Value[], rules: readonly Rewrite[] = rewrites): Value[] {
  let current = [...outputs];
  for (let changed = true; changed;) {
    changed = false;
    current = mergeEqual(
      rebuild(current, (value) => {
        for (const rule of rules) {
          const cheaper = rule(value);
          if (cheaper !== null) changed = true;
          value = cheaper ?? value;
        }
        return value;
      }),
    );
  }
  return current;
}

/** Equal primitives over equal operands become one value. */
function mergeEqual(outputs: readonly Value[]): Value[] {
  const numbers = new Map<Value, number>();
  const canonical = new Map<string, Value>();
  return rebuild(outputs, (value) => {
    const operands = (value.operands as readonly Value[]).map((x) => numbers.get(x));
    const key = JSON.stringify([
      value.op,
      operands,
      value.attrs,
      isOp(value, "constant") ? String(value.attrs.value) : 0,
    ]);
    const known = canonical.get(key);
    if (known) return known;
    canonical.set(key, value);
    numbers.set(value, numbers.size);
    return value;
  });
}
