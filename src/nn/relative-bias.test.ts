import { expect, test } from "vitest";
import { readJson } from "../../test/fixtures.ts";
import { input } from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { inputTable, scopeOf } from "./parameters.ts";
import { bucketOf, type Buckets, relativeBias } from "./relative-bias.ts";

interface Case extends Buckets {
  /** Of the distances from −n to n. */
  readonly buckets: readonly number[];
}

test.each(readJson<Case[]>("relative-bias.json"))(
  "$count buckets up to $maxDistance, both directions $bidirectional: as of T5 in transformers",
  ({ buckets, ...options }) => {
    const farthest = (buckets.length - 1) / 2;
    expect(buckets.map((_, i) => bucketOf(i - farthest, options))).toEqual(buckets);
  },
);

const scope = scopeOf(
  inputTable([{ name: "weight", shape: [4, 2], role: "embedding", initializer: "zeros", block: 0, head: false }]),
);
/** Bucket b has b for the first head and 10·b for the second. */
const weight = array64([4, 2], [0, 0, 1, 10, 2, 20, 3, 30]);

test("each head adds its number of the bucket of key and query, the queries being the last of the keys", () => {
  const buckets = { count: 4, maxDistance: 3, bidirectional: false };
  const [queries, keys] = [input("queries", ["batch", "new"]), input("keys", ["batch", "past+new"])];
  const bias = relativeBias(scope, buckets, 2, queries, keys);
  expect(bias.shape).toEqual([1, 2, "new", "past+new"]);
  const feeds = { weight, queries: array64([1, 2], [0, 0]), keys: array64([1, 5], [0, 0, 0, 0, 0]) };
  const [given] = interpret([bias], feeds);
  const rows = [3, 4].flatMap((query) => [0, 1, 2, 3, 4].map((key) => bucketOf(key - query, buckets)));
  expect([...given!.data]).toEqual([...rows, ...rows.map((b) => 10 * b)]);
});
