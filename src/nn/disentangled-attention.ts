/**
 * Disentangled attention (He, Liu, Gao & Chen 2021, §3.1, as DeBERTa's second version has it): what a query makes of a key depends
 * on the contents of both and on how far they are apart, Q·Kᵀ + Q·Kᵣᵀ + (K·Qᵣᵀ)ᵀ, where Kᵣ and Qᵣ are projected from embeddings
 * of the distance.
 */
import {
  add,
  cast,
  concat,
  constant,
  count,
  gather,
  iota,
  matmul,
  mul,
  neg,
  select,
  skew,
  splitHeads,
  sub,
  transpose,
  unsqueeze,
  vector,
} from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { HIDDEN } from "./attention.ts";
import { linear } from "./linear.ts";
import type { Scope } from "./parameters.ts";
import { attend } from "./attend.ts";

/** What a score has beside content to content: of the key's distance to the query's content, and of the query's to the key's. */
export type PositionTerm = "c2p" | "p2c";

export interface DisentangledAttention {
  readonly heads: number;
  readonly terms: readonly PositionTerm[];
  /** Whether distances are projected by the matrices that project contents, or by their own. */
  readonly shared: boolean;
  /** The share of the attention's probabilities that is dropped in training. */
  readonly dropout: number;
  /** The share of the embeddings of distances that is. */
  readonly positionDropout: number;
}

/** What sees what. A query that sees nothing gathers the mean of all values, and no gradient goes through its scores. */
export interface Visibility {
  /** bool [batch, 1, sequence, 1]: which queries see anything. */
  readonly queries: Value;
  /** bool [batch, 1, sequence, sequence]: which keys each of them sees. */
  readonly keys: Value;
}

/** Embeddings of distances. */
export interface Distances {
  /** [rows, width] */
  readonly embeddings: Value;
  /** Which of the rows is each distance's, from −limit to limit. */
  readonly rows: readonly number[];
}

/**
 * hidden [batch, sequence, width] → what each position gathers, [batch, sequence, width], before any output projection. With t kinds
 * of terms, content to content among them, scores are divided by √(t·d).
 * @param distances null where positions do not matter
 */
export function disentangledSelfAttention(
  scope: Scope,
  attention: DisentangledAttention,
  hidden: Value,
  seen: Visibility,
  distances: Distances | null,
): Value {
  const { heads, terms, dropout } = attention;
  const width = Number(hidden.shape.at(-1));
  const project = (projection: string) => splitHeads(linear(scope.in(projection), hidden, width), heads);
  const query = select(seen.queries, project("query_proj"), 0);
  const contents = { query, key: project("key_proj"), value: project("value_proj") };
  const scale = 1 / Math.sqrt((1 + terms.length) * (width / heads));
  const ofPositions = distances ? positionScores(scope, attention, contents, distances, scale) : [];
  const bias = select(seen.keys, ofPositions.length > 0 ? ofPositions.reduce(add) : constant(0), HIDDEN);
  return attend(scope, contents, bias, { dropout, scale });
}

/** Each term's scaled scores [batch, heads, sequence, sequence] of query and key, both [batch, heads, sequence, d]. */
function positionScores(
  scope: Scope,
  { heads, terms, shared, positionDropout: p }: DisentangledAttention,
  { query, key }: { readonly query: Value; readonly key: Value },
  distances: Distances,
  scale: number,
): Value[] {
  const embeddings = scope.sites.dropout({ name: scope.in("pos_dropout").name, x: distances.embeddings, p });
  const width = Number(embeddings.shape.at(-1));
  /** The projection of each of these distances, [1, heads, distances, d]. */
  const projected = (by: "query" | "key", away: Value) => {
    const rows = unsqueeze(gather(embeddings, rowsOf(distances, away)), 0);
    const [module, use] = shared ? [`${by}_proj`, 2] : [`pos_${by}_proj`, 1];
    return mul(splitHeads(linear(scope.in(module), rows, width, { use }), heads), scale);
  };
  const away = distancesAlong(query);
  const scores: { readonly [T in PositionTerm]: () => Value } = {
    c2p: () => skew(matmul(query, projected("key", away), { transposeB: true })),
    p2c: () => {
      const byKey = skew(matmul(key, projected("query", neg(away)), { transposeB: true }));
      return transpose(byKey, [0, 1, 3, 2]);
    },
  };
  return terms.map((term) => scores[term]());
}

/** n − 1, n − 2, …, −n of x [*, n, d]: row i of a matrix with a column for each has i − j at column n − 1 − i + j. */
function distancesAlong(x: Value): Value {
  const positions = iota(x, -2);
  const last = sub(cast(count(x, [-2]), "int64"), 1);
  return sub(last, iota(concat(positions, positions, 0), 0));
}

function rowsOf({ rows }: Distances, distance: Value): Value {
  const limit = (rows.length - 1) / 2;
  return gather(cast(vector(rows), "int64"), add(distance, limit));
}

/**
 * Which of 2·span rows each distance from −limit to limit has: its bucket's, row `span` being that of distance 0 and those beyond
 * the ends having the last.
 */
export function distanceRows(limit: number, span: number, bucketOf: (distance: number) => number): number[] {
  return Array.from({ length: 2 * limit + 1 }, (_, i) =>
    Math.min(Math.max(bucketOf(i - limit) + span, 0), 2 * span - 1),
  );
}

/**
 * The bucket of a distance (He et al. 2021, §3.1, as released with DeBERTa's second version): up to half of the `buckets` it has one of
 * its own, then the logarithm counts, so that distances below `limit` fill what is left. Reckoned in float32, as there.
 */
export function logBucket(distance: number, buckets: number, limit: number): number {
  const half = Math.floor(buckets / 2);
  const size = Math.abs(distance);
  if (size <= half) return distance;
  const { fround, log } = Math;
  const share = fround(fround(log(fround(size / half))) / fround(log(fround((limit - 1) / half))));
  return Math.sign(distance) * (Math.ceil(fround(share * (half - 1))) + half);
}
