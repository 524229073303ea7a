import { describe, expect, test } from "vitest";
import * as g from "../graph/ops.ts";
import { print } from "../graph/print.ts";
import { simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { random } from "../tensor/random.ts";
import { gradients } from "./gradients.ts";

const { normal } = random(1, "recomputation");
const drawn = (...shape: number[]) =>
  array64(shape, Float64Array.from({ length: shape[0]! * (shape[1] ?? 1) }, normal));

const weights = [0, 1, 2, 3].map((n) => g.input(`w${n}`, [3, 3]));
const mask = g.exp(g.input("mask", ["batch", 3]));
const feeds = {
  x: drawn(2, 3),
  mask: drawn(2, 3),
  ...Object.fromEntries(weights.map((_, n) => [`w${n}`, drawn(3, 3)])),
};

/** x, then what each block makes of the one before: h + exp(tanh(h·w)) ∘ exp(mask). */
const hidden = weights.reduce<Value[]>(
  (states, w) => [...states, g.add(states.at(-1)!, g.mul(g.exp(g.tanh(g.matmul(states.at(-1)!, w))), mask))],
  [g.tanh(g.input("x", ["batch", 3]))],
);
const loss = g.sum(hidden.at(-1)!, [0, 1]);
const entering = hidden.slice(0, -1);

const gradientsWith = (checkpoints: readonly Value[], wrt: readonly Value[] = weights) =>
  gradients(loss, wrt, checkpoints) as Value[];
const times = (op: string, outputs: readonly Value[]) => topological(outputs).filter((value) => value.op === op).length;

describe("checkpoints", () => {
  test.each([
    ["at every block", entering, 3],
    ["at every other block", [entering[0]!, entering[2]!], 2],
    ["at the end too", hidden, 4],
    ["at one block only", [entering[1]!], 0],
    ["twice at the same", [entering[1]!, entering[1]!], 0],
  ])("%s: the same gradients, and what lies between them again", (_, checkpoints, again) => {
    const all = [loss, ...gradientsWith(checkpoints)];
    const plain = [loss, ...gradientsWith([])];
    const results = [all, simplify(all), plain].map((outputs) => interpret(outputs, feeds));
    expect(results[0]).toEqual(results[2]);
    expect(results[1]).toEqual(results[2]);
    // One where the states begin, and one of each block.
    for (const outputs of [all, simplify(all)]) expect(times("tanh", outputs)).toBe(5 + again);
  });

  test("a value that a later block reads too is still the first one there", () => {
    const [w0, w1, w2] = weights as [Value, Value, Value];
    const h0 = g.tanh(g.input("x", ["batch", 3]));
    const inside = g.exp(g.matmul(h0, w0));
    const h1 = g.tanh(inside);
    const h2 = g.mul(g.tanh(g.matmul(h1, w1)), inside);
    const total = g.sum(g.tanh(g.matmul(h2, w2)), [0, 1]);
    const [plain, checkpointed] = [[], [h0, h1, h2]].map((checkpoints) =>
      interpret(simplify(gradients(total, [w0, w1, w2], checkpoints) as Value[]), feeds),
    );
    expect(checkpointed).toEqual(plain);
  });

  test("below the lowest trained value nothing is computed again", () => {
    const outputs = simplify([loss, ...gradientsWith(entering, [weights[2]!])]);
    expect(times("tanh", outputs)).toBe(5 + 1);
    expect(times("after", outputs)).toBe(1);
  });

  test("what does not depend on the checkpoint is not computed again", () => {
    const outputs = simplify([loss, ...gradientsWith(entering)]);
    // Each block's own, once more in three of them, and the mask's.
    expect(times("exp", outputs)).toBe(4 + 3 + 1);
  });

  test("a copy waits for the gradient that arrives", () => {
    const [, w1] = weights as [Value, Value];
    const h1 = g.tanh(g.matmul(g.input("x", ["batch", 3]), weights[0]!));
    const h2 = g.tanh(g.matmul(h1, w1));
    const [gradient] = gradients(g.sum(g.exp(h2), [0, 1]), [w1], [h1, h2]);
    expect(print(simplify([gradient!]))).toMatchInlineSnapshot(`
      "%0 = matmul(x, w0): float32[batch, 3]
      %1 = tanh(%0): float32[batch, 3]
      %2 = unsqueeze(1, axis=0): float32[1]
      %3 = unsqueeze(%2, axis=1): float32[1, 1]
      %4 = matmul(%1, w1): float32[batch, 3]
      %5 = tanh(%4): float32[batch, 3]
      %6 = exp(%5): float32[batch, 3]
      %7 = mul(%3, %6): float32[batch, 3]
      %8 = after(%1, %7): float32[batch, 3]
      %9 = matmul(%8, w1): float32[batch, 3]
      %10 = tanh(%9): float32[batch, 3]
      %11 = mul(%10, %10): float32[batch, 3]
      %12 = sub(1, %11): float32[batch, 3]
      %13 = mul(%7, %12): float32[batch, 3]
      %14 = matmul(%8, %13, transposeA=true): float32[3, 3]
      return %14"
    `);
  });
});
