/** Reverse mode: the driver walks the graph backwards and adds cotangents up. It knows no primitive. */
import { add, constant } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { dependents, topological } from "../graph/walk.ts";
import { recomputation } from "./recompute.ts";
import { pullback } from "./vjp/index.ts";

/**
 * The gradient of a scalar with respect to each of `wrt`, each shaped as the value it belongs to; null where the scalar does
 * not depend on it. Only values between `wrt` and the scalar are differentiated, so what is frozen costs nothing.
 * @param checkpoints values of the graph, operands before users; what lies between two of them is computed again for its gradient
 * @throws Error when `y` is not a scalar.
 */
export function gradients(y: Value, wrt: readonly Value[], checkpoints: readonly Value[] = []): (Value | null)[] {
  if (y.shape.length > 0)
    throw new Error(`gradients: a scalar is differentiated, not a value of shape [${y.shape.join(", ")}]`);
  return pullbacks(y, constant(1), wrt, checkpoints);
}

/** ⟨dy, ∂y/∂x⟩ for each x of `wrt`: the vector–Jacobian products of `y` with the cotangent `dy`. */
export function pullbacks(
  y: Value,
  dy: Value,
  wrt: readonly Value[],
  checkpoints: readonly Value[] = [],
): (Value | null)[] {
  const seen = recomputation(checkpoints);
  const order = topological([y]);
  const active = dependents(order, wrt);
  const cotangents = new Map<Value, Value>([[y, dy]]);
  for (const value of order.reverse()) {
    const cotangent = cotangents.get(value);
    if (cotangent === undefined || !active.has(value)) continue;
    const operands = value.operands as readonly Value[];
    if (!operands.some((x) => active.has(x))) continue;
    pullback(cotangent, seen(value, cotangents)).forEach((d, i) => {
      const operand = operands[i]!;
      if (d === null || !active.has(operand)) return;
      const sofar = cotangents.get(operand);
      cotangents.set(operand, sofar === undefined ? d : add(sofar, d));
    });
  }
  return wrt.map((x) => cotangents.get(x) ?? null);
}
