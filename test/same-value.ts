/** Two graphs that are to be the same function: on the interpreter they have the same value, and pull the same back. */
import { expect } from "vitest";
import { pullbacks } from "../src/autodiff/gradients.ts";
import { fill, input } from "../src/graph/ops.ts";
import { isOp, type Value } from "../src/graph/value.ts";
import { topological } from "../src/graph/walk.ts";
import { array64, type Array64 } from "../src/interpret/array.ts";
import { interpret } from "../src/interpret/interpret.ts";
import { random } from "../src/tensor/random.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { type Draw, worstDifference } from "./draw.ts";

/** The inputs of a graph that have a gradient. */
export const inputsOf = (outputs: readonly Value[]): Value<"input">[] =>
  topological(outputs).filter((x): x is Value<"input"> => isOp(x, "input") && x.type === "float32");

/** What `value` pulls a random cotangent back to, for each of `inputs`; zeros where it does not depend on one. */
export function gradientsOf(
  value: Value,
  inputs: readonly Value<"input">[],
  feeds: Draw["feeds"],
): { readonly graph: Value[]; readonly feeds: Record<string, Array64> } {
  const { shape } = interpret([value], feeds)[0]!;
  const { normal } = random(1, "cotangent");
  const dy = array64(shape, Float64Array.from({ length: sizeOf(shape) }, normal));
  const graph = pullbacks(value, input("dy", shape), inputs).map((d, i) => d ?? fill(0, inputs[i]!));
  return { graph, feeds: { ...feeds, dy } };
}

/** Expects arrays of the same shapes and, but for rounding, numbers. */
export function expectSame(actual: readonly Array64[], expected: readonly Array64[]): void {
  expected.forEach(({ shape, data }, i) => {
    expect(actual[i]!.shape).toEqual(shape);
    expect(worstDifference(actual[i]!.data, data)).toBeLessThan(1e-12);
  });
}

/** Expects of a rewritten value what it was before: its type, shape and numbers, and its gradient by every input. */
export function expectSameValueAndGradient(after: Value, before: Value, feeds: Draw["feeds"]): void {
  expect([after.type, after.shape]).toEqual([before.type, before.shape]);
  expectSame(interpret([after], feeds), interpret([before], feeds));
  const [actual, expected] = [after, before].map((value) => gradientsOf(value, inputsOf([before]), feeds));
  expectSame(interpret(actual!.graph, actual!.feeds), interpret(expected!.graph, expected!.feeds));
}
