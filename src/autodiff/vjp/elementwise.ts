/** Pullbacks of the elementwise primitives. */
import type { Elementwise } from "../../graph/primitive.ts";
import {
  cast,
  constant,
  cos,
  div,
  exp,
  greater,
  mul,
  neg,
  select,
  sigmoid,
  sin,
  sub,
  sumTo,
  add,
  erf,
} from "../../graph/ops.ts";
import type { Pullbacks } from "./rules.ts";

export const elementwise: Pullbacks<Elementwise> = {
  add: (dy, { operands: [a, b] }) => [sumTo(dy, a.shape), sumTo(dy, b.shape)],
  sub: (dy, { operands: [a, b] }) => [sumTo(dy, a.shape), sumTo(neg(dy), b.shape)],
  mul: (dy, { operands: [a, b] }) => [sumTo(mul(dy, b), a.shape), sumTo(mul(dy, a), b.shape)],
  div: (dy, y) => {
    const [a, b] = y.operands;
    return [sumTo(div(dy, b), a.shape), sumTo(neg(div(mul(dy, y), b)), b.shape)];
  },
  equal: () => [null, null],
  greater: () => [null, null],
  select: (dy, { operands: [condition, a, b] }) => [
    null,
    sumTo(select(condition, dy, constant(0)), a.shape),
    sumTo(select(condition, constant(0), dy), b.shape),
  ],
  neg: (dy) => [neg(dy)],
  exp: (dy, y) => [mul(dy, y)],
  log: (dy, { operands: [x] }) => [div(dy, x)],
  sqrt: (dy, y) => [div(mul(dy, 0.5), y)],
  cos: (dy, { operands: [x] }) => [neg(mul(dy, sin(x)))],
  sin: (dy, { operands: [x] }) => [mul(dy, cos(x))],
  tanh: (dy, y) => [mul(dy, sub(1, mul(y, y)))],
  erf: (dy, { operands: [x] }) => [mul(dy, mul(2 / Math.sqrt(Math.PI), exp(neg(mul(x, x)))))],
  sigmoid: (dy, y) => [mul(dy, mul(y, sub(1, y)))],
  relu: (dy, y) => [mul(dy, cast(greater(y, 0), "float32"))],
  // gelu′ = Φ(x) + x·φ(x) = (1 + erf(u) + u·exp(ln(2/√π) − u²))/2 with u = x/√2: few passes, the factor of the density in its exponent
  gelu: (dy, { operands: [x] }) => {
    const u = mul(x, Math.SQRT1_2);
    const density = exp(sub(Math.log(2 / Math.sqrt(Math.PI)), mul(u, u)));
    return [mul(mul(dy, add(add(erf(u), mul(u, density)), 1)), 0.5)];
  },
  // silu′ = y + σ·(1 − y)
  silu: (dy, y) => [mul(dy, add(y, mul(sigmoid(y.operands[0]), sub(1, y))))],
  stopGradient: () => [null],
  cast: (dy, { operands: [x] }) => [x.type === "float32" ? cast(dy, "float32") : null],
};
