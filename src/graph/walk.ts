/** Walking a graph: topological order, and rebuilding it by a rule. */
import type { Primitive } from "./primitive.ts";
import type { Value } from "./value.ts";

/**
 * The values reachable from `outputs`, operands before users; each output's cone comes before the next one's. Iterative, for
 * graphs deeper than the call stack.
 */
export function topological(outputs: readonly Value[]): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const stack: { value: Value; next: number }[] = [];
  const enter = (value: Value) => {
    if (seen.has(value)) return;
    seen.add(value);
    stack.push({ value, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const operands = top.value.operands as readonly Value[];
      if (top.next < operands.length) enter(operands[top.next++]!);
      else order.push(stack.pop()!.value);
    }
  }
  return order;
}

/** The values from which some value of `sources` can be reached, among `order`. */
export function dependents(order: readonly Value[], sources: Iterable<Value>): Set<Value> {
  const found = new Set<Value>(sources);
  for (const value of order) if ((value.operands as readonly Value[]).some((x) => found.has(x))) found.add(value);
  return found;
}

/** `value` over other operands of the same shapes. */
export function withOperands(value: Value, operands: readonly Value[]): Value {
  const old = value.operands as readonly Value[];
  return operands.every((x, i) => x === old[i])
    ? value
    : { ...value, operands: operands as Value<Primitive>["operands"] };
}

/**
 * Rebuilds the graph of `outputs` bottom up: each value is handed to `rule` with its operands already rebuilt, and is replaced
 * by what comes back.
 */
export function rebuild(outputs: readonly Value[], rule: (value: Value) => Value): Value[] {
  const rebuilt = new Map<Value, Value>();
  for (const value of topological(outputs)) {
    const operands = (value.operands as readonly Value[]).map((x) => rebuilt.get(x)!);
    rebuilt.set(value, rule(withOperands(value, operands)));
  }
  return outputs.map((value) => rebuilt.get(value)!);
}
