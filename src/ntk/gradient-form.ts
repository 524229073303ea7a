/**
 * How the gradient of a trained tensor is kept until kernels are made of it: as it is, as the product it is before it is multiplied,
 * or as the few rows of a table that it has.
 */
import type { Value } from "../graph/value.ts";
import { isOp } from "../graph/value.ts";
import { sameShape } from "../tensor/shape.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { Arithmetic } from "./contraction.ts";

/** What is kept of one input: tensors by the names that their forms know. */
export type InputGradients = Tensors;

/** The gradients of some trained tensors, with respect to which every output of a model is differentiated. */
export interface GradientForm {
  /** What of a run's results is kept. Several forms may keep the same. */
  keep(results: Tensors): Tensors;
  /**
   * Σ ⟨g, h⟩ over its tensors, g the gradient of an output of a `rows` input and h one of a `columns` input:
   * [rows · outputs, columns · outputs], added up in float64.
   */
  contract(
    rows: readonly InputGradients[],
    columns: readonly InputGradients[],
    arithmetic: Arithmetic,
  ): Promise<Float64Array>;
}

/** Puts a value among what a graph gives; the same value has the same name. */
export type Give = (value: Value) => string;

/** What a gradient is the sum of; nothing where an output does not depend on the tensor. */
export function summands(gradient: Value | null): Value[] {
  if (gradient === null) return [];
  const isSum = isOp(gradient, "add") && gradient.operands.every(({ shape }) => sameShape(shape, gradient.shape));
  return isSum ? gradient.operands.flatMap(summands) : [gradient];
}

/** Adds a block [rows, columns] to a sum of the same size, or to a part of it that begins at `row`. */
export function addTo(total: Float64Array, block: ArrayLike<number>, offset = 0): void {
  for (let i = 0; i < block.length; i++) total[offset + i]! += block[i]!;
}
