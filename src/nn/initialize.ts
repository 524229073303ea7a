/** How parameters begin that no checkpoint gives. */
import type { Random } from "../tensor/random.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { ParameterSpec } from "./parameters.ts";

/** A new tensor for a parameter, as its initializer says. */
export function initialize({ shape, initializer }: ParameterSpec, random: Random): Tensor<"float32"> {
  const result = zeros("float32", shape);
  if (initializer === "zeros") return result;
  if (initializer === "ones") result.data.fill(1);
  else if ("constant" in initializer) result.data.fill(initializer.constant);
  else {
    const draw =
      "normal" in initializer
        ? () => initializer.normal * random.normal()
        : () => initializer.uniform * (2 * random.uniform() - 1);
    for (let i = 0; i < result.data.length; i++) result.data[i] = draw();
  }
  return result;
}
