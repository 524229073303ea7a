import { describe, expect, test } from "vitest";
import { pullbacks } from "../autodiff/gradients.ts";
import * as g from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { array64, type Array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { attention, attentionBias } from "./attention.ts";

const [batch, sequence, width, heads] = [2, 4, 6, 2] as const;
/** A hole in the first example, two positions of padding in the second. */
const visible = [1, 0, 1, 1, 1, 1, 0, 0];
/** Whether a flat index of [batch, sequence, width] is at a visible position. */
const isVisible = (i: number) => visible[Math.floor(i / width)] === 1;

const shape = ["batch", "sequence", width];
const [query, key, value] = [g.input("query", shape), g.input("key", shape), g.input("value", shape)];
const bias = attentionBias(g.input("mask", ["batch", "sequence"], "int64"));
const asHeads = (x: Value) => g.splitHeads(x, heads);
const seenUnder = (of: Value) => ({ parts: [{ key: asHeads(key), value: asHeads(value) }], bias: of });
const attended = attention(asHeads(query), seenUnder(bias));

const { normal } = random(1, "attention");
const numbers = () =>
  array64(
    [batch, sequence, width],
    Float64Array.from({ length: batch * sequence * width }, () => Math.fround(normal())),
  );
const feeds = {
  query: numbers(),
  key: numbers(),
  value: numbers(),
  mask: array64([batch, sequence], visible),
};
const disturb = ({ shape, data }: Array64) =>
  array64(
    shape,
    data.map((x, i) => (isVisible(i) ? x : Math.fround(50 * x - 3))),
  );
const disturbed = { ...feeds, key: disturb(feeds.key), value: disturb(feeds.value) };

test("the bias is 0 where there is a token and float32's most negative number where there is none", () => {
  const [result] = interpret([bias], feeds);
  expect(result!.shape).toEqual([batch, 1, 1, sequence]);
  expect([...result!.data].map((x) => x + 0)).toEqual(visible.map((seen) => (seen ? 0 : -(2 - 2 ** -23) * 2 ** 127)));
});

test("a causal bias hides what comes after a position too, padding or not", () => {
  const causal = attentionBias(g.input("mask", ["batch", "sequence"], "int64"), { causal: true });
  expect(causal.shape).toEqual(["batch", 1, "sequence", "sequence"]);
  const [result] = interpret([causal], feeds);
  expect(result!.shape).toEqual([batch, 1, sequence, sequence]);
  const rows = Array.from({ length: batch * sequence }, (_, i) =>
    [...result!.data].slice(i * sequence, (i + 1) * sequence),
  );
  // 1 where a key is seen: the keys of `visible`, up to the query.
  expect(rows.map((row) => row.map((x) => Number(x === 0)).join(""))).toEqual([
    ...["1000", "1000", "1010", "1011"],
    ...["1000", "1100", "1100", "1100"],
  ]);
  expect(new Set(result!.data.filter((x) => x !== 0))).toEqual(new Set([-(2 - 2 ** -23) * 2 ** 127]));
});

test("is softmax(q·kᵀ/√d)·v, head by head, over the visible positions", () => {
  const d = width / heads;
  const [actual] = interpret([attended], feeds);
  for (let b = 0; b < batch; b++)
    for (let s = 0; s < sequence; s++)
      for (let h = 0; h < heads; h++) {
        const part = ({ data }: Array64, at: number) =>
          data.slice((b * sequence + at) * width + h * d, (b * sequence + at) * width + (h + 1) * d);
        const q = part(feeds.query, s);
        const seen = [0, 1, 2, 3].filter((k) => visible[b * sequence + k]);
        const weights = seen.map((k) =>
          Math.exp(part(feeds.key, k).reduce((dot, x, i) => dot + x * q[i]!, 0) / Math.sqrt(d)),
        );
        const total = weights.reduce((x, y) => x + y, 0);
        const expected = q.map((_, i) =>
          seen.reduce((sum, k, n) => sum + (weights[n]! / total) * part(feeds.value, k)[i]!, 0),
        );
        part(actual!, s).forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 12));
      }
});

test("under a causal bias a position is what it is when nothing comes after it", () => {
  const causal = attentionBias(g.input("mask", ["batch", "sequence"], "int64"), { causal: true });
  const ask = attention(asHeads(query), seenUnder(causal));
  const [whole] = interpret([ask], feeds);
  const part = ({ shape: [rows, columns, ...rest], data }: Array64, length: number) => {
    const size = rest.reduce((product, n) => product * n, 1);
    const kept = [...data].filter((_, i) => Math.floor(i / size) % columns! < length);
    return array64([rows!, length, ...rest], kept);
  };
  for (let length = 1; length <= sequence; length++) {
    const shorter = Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, part(x, length)]));
    const [cut] = interpret([ask], shorter);
    part(whole!, length).data.forEach((x, i) => expect(x).toBeCloseTo(cut!.data[i]!, 12));
  }
});

describe("a hidden position", () => {
  test("changes nothing, to the last bit", () => {
    expect(interpret([attended], disturbed)).toEqual(interpret([attended], feeds));
  });

  test("changes nothing on ONNX Runtime, to the last bit", async () => {
    const runtime = await nativeRuntime({ threads: 1 });
    const program = await runtime.compile({ attended });
    const mask = tensor("int64", [batch, sequence], BigInt64Array.from(visible, BigInt));
    const run = ({ query, key, value }: typeof feeds) => {
      const [q, k, v] = [query, key, value].map(({ shape, data }) => tensor("float32", shape, Float32Array.from(data)));
      return program.run({ query: q!, key: k!, value: v!, mask });
    };
    expect(await run(disturbed)).toEqual(await run(feeds));
    await program.dispose();
  });

  test("gets no gradient", () => {
    const dy = numbers();
    const pulled = pullbacks(attended, g.input("dy", shape), [key, value]) as Value[];
    for (const { data } of interpret(pulled, { ...feeds, dy }))
      data.forEach((x, i) => expect(x === 0, `${i}: ${x}`).toBe(!isVisible(i)));
  });
});
