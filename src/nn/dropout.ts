/** Dropout (Srivastava et al. 2014): each number is dropped with probability p, and the rest are divided by 1 − p. */
import { greater, input, mul, select } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Scope } from "./parameters.ts";
import type { DropoutSite, Sites } from "./sites.ts";

/** Inputs of a graph whose name begins so are fed numbers uniform on [0, 1), new at each step. */
export const UNIFORM = "uniform.";

/** x with a share `p` dropped, the same ones wherever `name` is the same within a step. */
export function dropout({ name, x, p }: DropoutSite): Value {
  if (p === 0) return x;
  const kept = greater(input(`${UNIFORM}${name}`, x.shape), p);
  return select(kept, mul(x, 1 / (1 - p)), 0);
}

/** x, of which the scope's module drops a share `p` in training. */
export function dropped({ name, sites }: Scope, p: number, x: Value): Value {
  return sites.dropout({ name, x, p });
}

/** The dropout that a base model's configuration names. */
export const baseDropout: Sites = { dropout };
