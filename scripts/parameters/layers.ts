/** Layers as far as their parameters go, which is what the declarations beside this file are written in. */
import { INITIALIZER_RANGE } from "../../src/nn/linear.ts";
import type { Scope } from "../../src/nn/parameters.ts";

/** A weight [out, inner] and a bias [out]. */
export function linear(scope: Scope, out: number, inner: number): void {
  matrix(scope, out, inner);
  scope.parameter("bias", [out], "bias", "zeros");
}

/** A weight [out, inner] alone. */
export function matrix(scope: Scope, out: number, inner: number): void {
  scope.parameter("weight", [out, inner], "linear", { normal: INITIALIZER_RANGE });
}

/** Scale and shift, each [width]. */
export function layerNorm(scope: Scope, width: number): void {
  rmsNorm(scope, width);
  scope.parameter("bias", [width], "bias", "zeros");
}

/** Scale alone [width]. */
export function rmsNorm(scope: Scope, width: number): void {
  scope.parameter("weight", [width], "norm", "ones");
}
