/** The values of a graph by how many lie one on another below each: of two on one level neither is made of the other. */
import type { Value } from "./value.ts";

/** @param order values, operands before users */
export function levelsOf(order: readonly Value[]): Value[][] {
  const depths = new Map<Value, number>();
  const levels: Value[][] = [];
  for (const value of order) {
    const depth = (value.operands as readonly Value[]).reduce((deepest, x) => Math.max(deepest, depths.get(x)! + 1), 0);
    depths.set(value, depth);
    (levels[depth] ??= []).push(value);
  }
  return levels;
}

/** The same, with what nothing is made of on a level of its own above all others. */
export function levelsWithResultsLast(order: readonly Value[]): Value[][] {
  const read = new Set(order.flatMap((value) => value.operands as readonly Value[]));
  const results = order.filter((value) => !read.has(value));
  return [...levelsOf(order.filter((value) => read.has(value))), results];
}
