/** Tables looked up by index. */
import { equal, gather, select, stopGradient, unsqueeze } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { INITIALIZER_RANGE } from "./linear.ts";
import type { Scope } from "./parameters.ts";

/** The table `weight` [rows, width] of the scope. */
export function embeddingTable(scope: Scope, rows: number, width: number): Value {
  return scope.parameter("weight", [rows, width], "embedding", { normal: INITIALIZER_RANGE });
}

/**
 * index [*] of whole numbers → rows of the scope's table [*, width].
 * @param padding a row that is not learned, as PyTorch's `padding_idx`
 */
export function embedding(scope: Scope, index: Value, rows: number, width: number, padding?: number): Value {
  const found = gather(embeddingTable(scope, rows, width), index);
  if (padding === undefined) return found;
  return select(unsqueeze(equal(index, padding), -1), stopGradient(found), found);
}
