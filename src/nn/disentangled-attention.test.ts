import { expect, test } from "vitest";
import { readJson } from "../../test/fixtures.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import * as g from "../graph/ops.ts";
import { random } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { distanceRows, disentangledSelfAttention, logBucket, type PositionTerm } from "./disentangled-attention.ts";
import { declareParameters, inputTable, scopeOf } from "./parameters.ts";

test.each(readJson<{ buckets: number; limit: number; of: number[] }[]>("distance-buckets.json"))(
  "$buckets buckets of distances below $limit are transformers', to either side",
  ({ buckets, limit, of }) => {
    expect(of.map((_, distance) => logBucket(distance, buckets, limit))).toEqual(of);
    expect(of.map((_, distance) => -logBucket(-distance, buckets, limit) + 0)).toEqual(of);
  },
);

test("rows are those of the bucket, the ends being shared by what lies beyond", () => {
  expect(distanceRows(4, 2, (distance) => distance)).toEqual([0, 0, 0, 1, 2, 3, 3, 3, 3]);
  // Of two buckets half is 1, so that whatever is further is in the bucket of 1.
  expect(distanceRows(3, 2, (distance) => logBucket(distance, 2, 16))).toEqual([1, 1, 1, 2, 3, 3, 3]);
});

const [batch, n, heads, d, limit] = [2, 5, 2, 3, 6];
const width = heads * d;

test.each<[readonly PositionTerm[], boolean]>([
  [["c2p", "p2c"], true],
  [["c2p", "p2c"], false],
  [["c2p"], false],
  [["p2c"], true],
  [[], true],
])("%j, shared %j: what a query gathers is what the formula says, query by query", (terms, shared) => {
  const rows = distanceRows(limit, 3, (distance) => distance);
  const visible = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0];
  const mask = g.input("mask", ["batch", "sequence"], "int64");
  const isToken = g.equal(g.unsqueeze(g.unsqueeze(mask, 1), -1), 1);
  const keys = g.equal(g.unsqueeze(g.unsqueeze(mask, 1), 1), 1);
  const seen = { queries: isToken, keys: g.select(isToken, keys, g.constant(0, "bool")) };
  const settings = { heads, terms, shared, dropout: 0, positionDropout: 0 };
  const hidden = g.input("hidden", ["batch", "sequence", width]);
  const distances = { embeddings: g.input("distances", [6, width]), rows };
  const specs = declareParameters((scope) => disentangledSelfAttention(scope, settings, hidden, seen, distances));
  const output = disentangledSelfAttention(scopeOf(inputTable(specs)), settings, hidden, seen, distances);

  const { normal } = random(3, "disentangled");
  const drawn = (shape: readonly number[]) => array64(shape, Float64Array.from({ length: sizeOf(shape) }, normal));
  const feeds = {
    mask: array64([batch, n], visible),
    hidden: drawn([batch, n, width]),
    distances: drawn([6, width]),
    ...Object.fromEntries(specs.map(({ name, shape }) => [name, drawn(shape)])),
  };
  const [actual] = interpret([output], feeds);

  /** Row r of x through a projection, the numbers of head h. */
  const project = (name: string, x: { data: ArrayLike<number> }, r: number, h: number) =>
    Array.from({ length: d }, (_, i) => {
      const out = h * d + i;
      const weight = feeds[`${name}.weight` as "hidden"].data;
      const bias = feeds[`${name}.bias` as "hidden"].data[out]!;
      return Array.from({ length: width }, (__, k) => x.data[r * width + k]! * weight[out * width + k]!).reduce(
        (a, b) => a + b,
        bias,
      );
    });
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const positionModule = (by: "query" | "key") => (shared ? `${by}_proj` : `pos_${by}_proj`);
  const score = (b: number, h: number, i: number, j: number) => {
    const query = project("query_proj", feeds.hidden, b * n + i, h);
    const key = project("key_proj", feeds.hidden, b * n + j, h);
    const row = rows[i - j + limit]!;
    const parts = {
      c2p: () => dot(query, project(positionModule("key"), feeds.distances, row, h)),
      p2c: () => dot(key, project(positionModule("query"), feeds.distances, row, h)),
    };
    return (dot(query, key) + terms.reduce((sum, term) => sum + parts[term](), 0)) / Math.sqrt(d * (1 + terms.length));
  };
  const isSeen = (b: number, i: number, j: number) => visible[b * n + i] === 1 && visible[b * n + j] === 1;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < n; i++) {
        const powers = Array.from({ length: n }, (_, j) => (isSeen(b, i, j) ? Math.exp(score(b, h, i, j)) : 0));
        const total = powers.reduce((x, y) => x + y, 0);
        const weights = powers.map((power) => (total === 0 ? 1 / n : power / total));
        const values = weights.map((_, j) => project("value_proj", feeds.hidden, b * n + j, h));
        for (let k = 0; k < d; k++) {
          const expected = weights.reduce((sum, weight, j) => sum + weight * values[j]![k]!, 0);
          expect(actual!.data[(b * n + i) * width + h * d + k]).toBeCloseTo(expected, 10);
        }
      }
});
