/** Activation functions by the names `hidden_act` uses in config.json. */
import { add, gelu, mul, relu, sigmoid, silu, tanh } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";

export type Activation = (x: Value) => Value;

/** The tanh approximation of GELU: x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) (Hendrycks & Gimpel 2016, §2). */
const tanhGelu: Activation = (x) => {
  const cubed = mul(mul(x, x), x);
  return mul(mul(x, 0.5), add(1, tanh(mul(Math.sqrt(2 / Math.PI), add(x, mul(0.044715, cubed))))));
};

export const activations: Readonly<Record<string, Activation>> = {
  gelu,
  gelu_new: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  gelu_fast: tanhGelu,
  relu,
  sigmoid,
  silu,
  swish: silu,
  tanh,
};
