/**
 * Relative position biases (Raffel et al. 2020, §2.1): what is added to a score depends on how far the key is from the query, by a
 * learnt number for each head and bucket of distances.
 */
import { add, cast, count, gather, greater, iota, select, sub, transpose, unsqueeze, vector } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { embeddingTable } from "./embedding.ts";
import type { Scope } from "./parameters.ts";

export interface Buckets {
  /** How many there are. */
  readonly count: number;
  /** The least distance that shares the last bucket with all beyond. */
  readonly maxDistance: number;
  /** Whether keys after the query have buckets of their own, half of them; else they share that of distance 0. */
  readonly bidirectional: boolean;
}

/**
 * The bucket of a key that stands `distance` positions after its query, or before it where that is negative. Of the buckets of one
 * direction the first half are for one distance each, the rest for as many as logarithms make alike. Reckoned in float32, as the
 * models that were trained with it have it.
 */
export function bucketOf(distance: number, { count: all, maxDistance, bidirectional }: Buckets): number {
  const buckets = bidirectional ? Math.floor(all / 2) : all;
  const first = bidirectional && distance > 0 ? buckets : 0;
  const size = bidirectional ? Math.abs(distance) : Math.max(-distance, 0);
  const exact = Math.floor(buckets / 2);
  if (size < exact) return first + size;
  const { fround, log } = Math;
  const share = fround(fround(log(fround(size / exact))) / fround(log(maxDistance / exact)));
  return first + Math.min(exact + Math.trunc(fround(share * (buckets - exact))), buckets - 1);
}

/**
 * Biases [1, heads, queries, keys] by the scope's table `weight` [buckets, heads]. The queries are the last of the keys.
 * @param queries [batch, queries, …] and @param keys [batch, keys, …], of which only the sizes are read
 */
export function relativeBias(scope: Scope, buckets: Buckets, heads: number, queries: Value, keys: Value): Value {
  const { count: rows, maxDistance: limit } = buckets;
  const bucketsByDistance = Array.from({ length: 2 * limit + 1 }, (_, i) => bucketOf(i - limit, buckets));
  const before = cast(sub(count(keys, [1]), count(queries, [1])), "int64");
  const distance = sub(unsqueeze(iota(keys, 1), 0), unsqueeze(add(iota(queries, 1), before), 1));
  const near = select(greater(distance, limit), limit, select(greater(-limit, distance), -limit, distance));
  const index = gather(cast(vector(bucketsByDistance), "int64"), add(near, limit));
  const biases = gather(embeddingTable(scope, rows, heads), index);
  return unsqueeze(transpose(biases, [2, 0, 1]), 0);
}
