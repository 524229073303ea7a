/** Every primitive: ONNX Runtime against the interpreter, and its pullback against finite differences on the interpreter. */
import { describe, expect, test } from "vitest";
import { pullbacks } from "../src/autodiff/gradients.ts";
import { input, mul, sum, axesOf } from "../src/graph/ops.ts";
import type { Primitive } from "../src/graph/primitive.ts";
import type { Value } from "../src/graph/value.ts";
import { isOp } from "../src/graph/value.ts";
import { topological } from "../src/graph/walk.ts";
import { array64, type Array64 } from "../src/interpret/array.ts";
import { interpret } from "../src/interpret/interpret.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { draw, tensorsOf, worstDifference } from "./draw.ts";
import { cases } from "./primitives.cases.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
const runtime = await nativeRuntime({ threads: 1 });
const names = Object.keys(cases) as Primitive[];

describe.each(names)("%s", (name) => {
  test.each(SEEDS)("equals the interpreter on ONNX Runtime, seed %i", async (seed) => {
    const drawn = draw(seed);
    const value = cases[name](drawn);
    const program = await runtime.compile({ y: value });
    const { y } = await program.run(tensorsOf(drawn));
    const [expected] = interpret([value], drawn.feeds);
    expect(y!.shape).toEqual(expected!.shape);
    expect(worstDifference(y!.data, expected!.data)).toBeLessThan(2e-6);
    await program.dispose();
  });

  test.each(SEEDS)("has a pullback that agrees with finite differences, seed %i", (seed) => {
    const drawn = draw(seed);
    const value = cases[name](drawn);
    const inputs = topological([value]).filter((x): x is Value<"input"> => isOp(x, "input") && x.type === "float32");
    const direction = random(seed, "direction");
    const along = (shape: readonly number[]) =>
      array64(shape, Float64Array.from({ length: sizeOf(shape) }, direction.normal));
    const tangents = Object.fromEntries(inputs.map((x) => [x.attrs.name, along(drawn.feeds[x.attrs.name]!.shape)]));
    const cotangent = along(interpret([value], drawn.feeds)[0]!.shape);
    const dy = input("dy", cotangent.shape);
    const gradients = pullbacks(value, dy, inputs);
    const pulled = gradients.map((d) => d && interpret([d], { ...drawn.feeds, dy: cotangent })[0]!);
    const analytic = inputs.reduce(
      (total, x, i) => total + (pulled[i] ? dot(pulled[i], tangents[x.attrs.name]!) : 0),
      0,
    );

    const projected = sum(mul(value, dy), axesOf(value));
    const at = (step: number) => {
      const moved = Object.fromEntries(
        Object.entries(drawn.feeds).map(([key, x]) => [key, tangents[key] ? axpy(step, tangents[key], x) : x]),
      );
      return interpret([projected], { ...moved, dy: cotangent })[0]!.data[0]!;
    };
    const h = 1e-5;
    const numeric = (at(h) - at(-h)) / (2 * h);
    expect(Math.abs(analytic - numeric)).toBeLessThan(1e-6 * Math.max(1, Math.abs(numeric)));
  });
});

const dot = (a: Array64, b: Array64) => a.data.reduce((total, x, i) => total + x * b.data[i]!, 0);
const axpy = (step: number, a: Array64, x: Array64) =>
  array64(
    x.shape,
    x.data.map((n, i) => n + step * a.data[i]!),
  );
