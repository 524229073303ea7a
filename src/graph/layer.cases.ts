/** A transformer's layer for tests of what is done to whole graphs. */
import type { Draw } from "../../test/draw.ts";
import * as g from "./ops.ts";
import { isOp, type Value } from "./value.ts";
import type { Shape } from "./primitive.ts";
import { topological } from "./walk.ts";

export const WIDTH = 8;
export const HEADS = 2;
export const INNER = 12;

/** x [batch, sequence, width] through a layer; `bias` is added to the scores [batch, heads, sequence, sequence]. */
export function layer(x: Value, d: Draw, bias: Value): Value {
  const dense = (input: Value, out: number) =>
    g.linear(input, d.normal([out, Number(input.shape.at(-1))]), d.normal([out]));
  const norm = (input: Value) => g.layerNorm(input, d.normal([WIDTH]), d.normal([WIDTH]), 1e-5);
  const [q, k, v] = [0, 1, 2].map(() => g.splitHeads(dense(x, WIDTH), HEADS)) as [Value, Value, Value];
  const scores = g.add(g.matmul(g.mul(q, 0.5), k, { transposeB: true }), bias);
  const attended = norm(g.add(dense(g.mergeHeads(g.matmul(g.softmax(scores), v)), WIDTH), x));
  return norm(g.add(dense(g.gelu(dense(attended, INNER)), WIDTH), attended));
}

/** The hidden states of one place [batch, width]. */
export const token = (hidden: Value, index: number): Value => g.squeeze(g.take(hidden, 1, [index]), 1);

/** The shapes of what linear modules give. */
export const linears = (...outputs: Value[]): Shape[] =>
  topological(outputs).flatMap((value) => (isOp(value, "linear") ? [value.shape] : []));
