/** A node of the graph: a primitive applied to values. Immutable; a graph is the values reachable from its outputs. */
import type { Attrs, Operands, Primitive, Shape, ValueType } from "./primitive.ts";
import { shapes } from "./shapes.ts";

export interface Value<P extends Primitive = Primitive> {
  readonly op: P;
  readonly operands: Operands<P>;
  readonly attrs: Attrs<P>;
  readonly shape: Shape;
  readonly type: ValueType;
}

/**
 * Applies a primitive.
 * @throws Error when the operands do not fit together, naming the primitive and their shapes.
 */
export function apply<P extends Primitive>(op: P, operands: Operands<P>, attrs: Attrs<P>): Value<P> {
  return { op, operands, attrs, ...shapes[op](operands, attrs) };
}

/** Whether `value` is made by `op`; narrows its operands and attributes. */
export function isOp<P extends Primitive>(value: Value, op: P): value is Value<P> {
  return (value.op as Primitive) === op;
}
