/** Layer normalisation (Ba, Kiros & Hinton 2016). */
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
