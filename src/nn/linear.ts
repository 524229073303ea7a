/** The affine map of a linear layer. */
import * as graph from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Scope } from "./parameters.ts";

/** Standard deviation of a new weight, as BERT initialises (Devlin et al. 2019). */
export const INITIALIZER_RANGE = 0.02;

/** x [*, in] → x·weightᵀ + bias [*, out], with `weight` [out, in] and `bias` [out] of the scope. */
export function linear(scope: Scope, x: Value, out: number): Value {
  const weight = scope.parameter("weight", [out, Number(x.shape.at(-1))], "linear", { normal: INITIALIZER_RANGE });
  const output = graph.linear(x, weight, scope.parameter("bias", [out], "bias", "zeros"));
  return scope.sites.linear({ module: scope.name, input: x, output });
}
