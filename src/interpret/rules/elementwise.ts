/** Meanings of leaves and of the elementwise primitives. */
import type { Elementwise, Primitive } from "../../graph/primitive.ts";
import { array64, build, read } from "../array.ts";
import type { Meaning, Meanings } from "./meaning.ts";

const map =
  (f: (x: number) => number): Meaning<Primitive> =>
  ([x]) =>
    array64(x!.shape, x!.data.map(f));

const zip =
  (f: (a: number, b: number) => number): Meaning<Primitive> =>
  ([a, b]) =>
    build(broadcastShape(a!.shape, b!.shape), (index) => f(read(a!, index), read(b!, index)));

function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return sizes.find((n) => n !== 1) ?? 1;
  });
}

/** The error function by its Maclaurin series where it converges fast, else by the continued fraction of erfc. */
export function errorFunction(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 6) return Math.sign(x);
  if (magnitude < 2.5) {
    let term = x;
    let result = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(result); n++) {
      term *= (-x * x) / n;
      result += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * result;
  }
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (magnitude + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (magnitude + fraction)));
}

export const elementwise: Meanings<"constant" | "vector" | "iota" | Elementwise> = {
  constant: (_, { attrs }) => build(attrs.shape, () => attrs.value),
  vector: (_, { attrs: { values } }) => array64([values.length], Float64Array.from(values)),
  iota: ([x], { attrs }) => build([x!.shape.at(attrs.axis)!], ([i]) => i!),

  add: zip((a, b) => a + b),
  sub: zip((a, b) => a - b),
  mul: zip((a, b) => a * b),
  div: zip((a, b) => a / b),
  equal: zip((a, b) => Number(a === b)),
  greater: zip((a, b) => Number(a > b)),
  select: ([condition, a, b]) =>
    build(broadcastShape(condition!.shape, a!.shape, b!.shape), (index) =>
      read(read(condition!, index) ? a! : b!, index),
    ),

  neg: map((x) => -x),
  exp: map(Math.exp),
  log: map(Math.log),
  sqrt: map(Math.sqrt),
  tanh: map(Math.tanh),
  cos: map(Math.cos),
  sin: map(Math.sin),
  erf: map(errorFunction),
  sigmoid: map((x) => 1 / (1 + Math.exp(-x))),
  relu: map((x) => Math.max(0, x)),
  gelu: map((x) => (x * (1 + errorFunction(x / Math.SQRT2))) / 2),
  silu: map((x) => x / (1 + Math.exp(-x))),
  cast: ([x], { attrs: { to } }) =>
    array64(
      x!.shape,
      x!.data.map((n) => (to === "bool" ? Number(n !== 0) : to === "int64" ? Math.trunc(n) : n)),
    ),
  stopGradient: ([x]) => x!,
};
