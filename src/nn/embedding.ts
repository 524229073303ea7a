/** Tables looked up by index. */
import { gather } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { INITIALIZER_RANGE } from "./linear.ts";
import type { Scope } from "./parameters.ts";

/** The table `weight` [rows, width] of the scope. */
export function embeddingTable(scope: Scope, rows: number, width: number): Value {
  return scope.parameter("weight", [rows, width], "embedding", { normal: INITIALIZER_RANGE });
}

/** index [*] of whole numbers → rows of the scope's table [*, width]. */
export function embedding(scope: Scope, index: Value, rows: number, width: number): Value {
  return gather(embeddingTable(scope, rows, width), index);
}
