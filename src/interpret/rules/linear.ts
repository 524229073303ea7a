/** Meanings of the products of matrices, and of rotations. */
import type { Product } from "../../graph/primitive.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { type Array64, build, read } from "../array.ts";
import type { Meanings } from "./meaning.ts";

export const linear: Meanings<Product | "rotate"> = {
  matmul: ([a, b], { attrs }) => {
    const at = (x: Array64, leading: readonly number[], i: number, j: number, transposed: boolean) => {
      const own = leading.slice(leading.length + 2 - x.shape.length).map((n, axis) => (x.shape[axis] === 1 ? 0 : n));
      return read(x, [...own, ...(transposed ? [j, i] : [i, j])]);
    };
    const inner = a!.shape.at(attrs.transposeA ? -2 : -1)!;
    const shape = [
      ...a!.shape.slice(0, -2).map((n, axis) => (b!.shape.length > 2 ? Math.max(n, b!.shape[axis]!) : n)),
      a!.shape.at(attrs.transposeA ? -1 : -2)!,
      b!.shape.at(attrs.transposeB ? -2 : -1)!,
    ];
    return build(shape, (index) => {
      const leading = index.slice(0, -2);
      let sum = 0;
      for (let k = 0; k < inner; k++)
        sum +=
          at(a!, leading, index.at(-2)!, k, attrs.transposeA) * at(b!, leading, k, index.at(-1)!, attrs.transposeB);
      return sum;
    });
  },
  linear: ([x, weight, bias]) =>
    build([...x!.shape.slice(0, -1), weight!.shape[0]!], (index) => {
      const out = index.at(-1)!;
      let sum = bias!.data[out]!;
      for (let k = 0; k < weight!.shape[1]!; k++) sum += read(x!, index.with(-1, k)) * read(weight!, [out, k]);
      return sum;
    }),
  contract: ([a, b]) => {
    const m = a!.shape.at(-1)!;
    const n = b!.shape.at(-1)!;
    const rows = sizeOf(a!.shape) / m;
    return build([m, n], ([i, j]) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += a!.data[row * m + i!]! * b!.data[row * n + j!]!;
      return sum;
    });
  },
  rotate: ([x, cos, sin], { attrs: { interleaved } }) => {
    const pairs = cos!.shape[2]!;
    return build(x!.shape, ([b, h, s, i]) => {
      if (i! >= 2 * pairs) return read(x!, [b!, h!, s!, i!]);
      const pair = interleaved ? i! >> 1 : i! % pairs;
      const isFirst = interleaved ? i! % 2 === 0 : i! < pairs;
      const partner = interleaved ? i! ^ 1 : (i! + pairs) % (2 * pairs);
      const along = read(x!, [b!, h!, s!, i!]) * read(cos!, [b!, s!, pair]);
      const across = read(x!, [b!, h!, s!, partner]) * read(sin!, [b!, s!, pair]);
      return isFirst ? along - across : along + across;
    });
  },
};
