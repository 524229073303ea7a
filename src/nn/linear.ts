/** The affine map of a linear layer. */
import * as graph from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { LinearLayout, Scope } from "./parameters.ts";

/** Standard deviation of a new weight, as BERT initialises (Devlin et al. 2019). */
export const INITIALIZER_RANGE = 0.02;

export interface LinearOptions extends LinearLayout {
  /** Whether there is a bias; there is unless given. */
  readonly bias?: boolean;
  /** Which use of the module in the forward pass this is, counted from 1; the first unless given. */
  readonly use?: number;
}

/** x [*, in] → x·weightᵀ + bias [*, out], with `weight` [out, in] and `bias` [out] of the scope. */
export function linear(
  scope: Scope,
  x: Value,
  out: number,
  { bias = true, use = 1, ...layout }: LinearOptions = {},
): Value {
  const shape = [out, Number(x.shape.at(-1))];
  const weight = scope.parameter("weight", shape, "linear", { normal: INITIALIZER_RANGE }, layout);
  const output = bias
    ? graph.linear(x, weight, scope.parameter("bias", [out], "bias", "zeros"))
    : graph.matmul(x, weight, { transposeB: true });
  return scope.sites.linear({ module: scope.name, use, input: x, output });
}
