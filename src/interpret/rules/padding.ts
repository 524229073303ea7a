/** Meanings of the primitives that leave padding out and put it back. */
import type { Padding } from "../../graph/primitive.ts";
import { array64, type Array64, build, read } from "../array.ts";
import type { Meanings } from "./meaning.ts";

/** The places [batch, sequence] where the mask is not zero, in the order of rows. */
function placesOf({ shape: [, sequence], data }: Array64): [row: number, column: number][] {
  return [...data.keys()].filter((i) => data[i] !== 0).map((i) => [Math.floor(i / sequence!), i % sequence!]);
}

export const padding: Meanings<Padding> = {
  unpad: ([x, mask]) => {
    const places = placesOf(mask!);
    return build([1, places.length, ...x!.shape.slice(2)], ([, t, ...rest]) => read(x!, [...places[t!]!, ...rest]));
  },
  pad: ([x, mask]) => {
    const result = array64([...mask!.shape, ...x!.shape.slice(2)]);
    const size = result.data.length / mask!.data.length;
    placesOf(mask!).forEach(([row, column], t) =>
      result.data.set(x!.data.subarray(t * size, (t + 1) * size), (row * mask!.shape[1]! + column) * size),
    );
    return result;
  },
  unpadHeads: ([x, mask]) => {
    const places = placesOf(mask!);
    const [, heads, , d] = x!.shape as [number, number, number, number];
    return build([1, places.length, heads * d], ([, t, i]) => {
      const [row, column] = places[t!]!;
      return read(x!, [row, Math.floor(i! / d), column, i! % d]);
    });
  },
  padHeads: ([x, mask], { attrs: { heads } }) => {
    const [batch, sequence] = mask!.shape as [number, number];
    const d = x!.shape[2]! / heads;
    const result = array64([batch, heads, sequence, d]);
    placesOf(mask!).forEach(([row, column], t) => {
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < d; i++)
          result.data[((row * heads + h) * sequence + column) * d + i] = read(x!, [0, t, h * d + i]);
    });
    return result;
  },
};
