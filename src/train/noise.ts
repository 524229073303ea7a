/** Random numbers that a training graph asks for: dropout, and gates that are drawn. */
import { sizeOfDim } from "../graph/dim.ts";
import type { Value } from "../graph/value.ts";
import { UNIFORM } from "../nn/dropout.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { Random } from "../tensor/random.ts";
import { zeros } from "../tensor/tensor.ts";
import { inputsOf } from "./step.ts";

/** What makes a batch's random numbers, given the sizes of its named dimensions. */
export type Noise = (sizes: Readonly<Record<string, number>>, random: Random) => Tensors;

/** The noise that a graph asks for: numbers uniform on [0, 1) for each of its inputs that is named so. */
export function noiseOf(outputs: readonly Value[]): Noise {
  const asked = inputsOf(outputs).filter(({ attrs: { name } }) => name.startsWith(UNIFORM));
  return (sizes, { integer }) =>
    Object.fromEntries(
      asked.map(({ attrs: { name, shape } }) => {
        const drawn = zeros(
          "float32",
          shape.map((n) => sizeOfDim(n, sizes)),
        );
        // As many bits as float32 holds: with more, some would be rounded to 1.
        for (let i = 0; i < drawn.data.length; i++) drawn.data[i] = integer(2 ** 24) / 2 ** 24;
        return [name, drawn];
      }),
    );
}
