/** Pullbacks of the primitives that leave padding out and put it back: each pair is adjoint. */
import { pad, padHeads, unpad, unpadHeads } from "../../graph/ops.ts";
import type { Padding } from "../../graph/primitive.ts";
import type { Pullbacks } from "./rules.ts";

export const padding: Pullbacks<Padding> = {
  unpad: (dy, { operands: [, mask] }) => [pad(dy, mask), null],
  pad: (dy, { operands: [x, mask] }) => [unpad(dy, mask, x.shape[1]!), null],
  unpadHeads: (dy, { operands: [x, mask] }) => [padHeads(dy, mask, Number(x.shape[1])), null],
  padHeads: (dy, { operands: [x, mask] }) => [unpadHeads(dy, mask, x.shape[1]!), null],
};
