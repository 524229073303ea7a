/** Matrices of which whole rows or columns are replaced. */
import { axisFromFront } from "../tensor/shape.ts";
import { isOp, type Value } from "./value.ts";

/** A matrix with whole rows or columns replaced. */
export function isReplaced(x: Value): x is Value<"replace"> {
  return isOp(x, "replace") && x.shape.length === 2 && x.attrs.within === null;
}

/** Which slices of a matrix are replaced, along which axis, counted from the front. */
export function placeOf({ attrs: { axis, indices } }: Value<"replace">): {
  readonly axis: number;
  readonly indices: readonly number[];
} {
  return { axis: axisFromFront(axis, 2), indices };
}
