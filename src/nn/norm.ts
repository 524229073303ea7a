/** Layer normalisation (Ba, Kiros & Hinton 2016) and its kin. */
import * as graph from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Scope } from "./parameters.ts";

/** x [*, width] normalised over its last axis, with the scope's `weight` and `bias` [width]. */
export function layerNorm(scope: Scope, x: Value, epsilon: number): Value {
  const width = [Number(x.shape.at(-1))];
  return graph.layerNorm(
    x,
    scope.parameter("weight", width, "norm", "ones"),
    scope.parameter("bias", width, "bias", "zeros"),
    epsilon,
  );
}

/**
 * x [*, width] divided by its root mean square over the last axis, times the scope's `weight` [width] (Zhang & Sennrich 2019).
 * @param offset what is added to the weight: Gemma's weights are what they are more than 1
 */
export function rmsNorm(scope: Scope, x: Value, epsilon: number, offset = 0): Value {
  const begins = offset === 0 ? "ones" : "zeros";
  const weight = scope.parameter("weight", [Number(x.shape.at(-1))], "norm", begins);
  return graph.rmsNorm(x, offset === 0 ? weight : graph.add(weight, offset), epsilon);
}
