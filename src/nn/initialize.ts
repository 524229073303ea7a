/** How parameters begin that no checkpoint gives. */
import type { Random } from "../tensor/random.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { Initializer, ParameterSpec } from "./parameters.ts";

/** A new tensor for a parameter, as its initializer says. */
export function initialize({ shape, initializer }: ParameterSpec, random: Random): Tensor<"float32"> {
  const result = zeros("float32", shape);
  if (initializer === "zeros") return result;
  if (initializer === "ones") result.data.fill(1);
  else if ("constant" in initializer) result.data.fill(initializer.constant);
  else {
    const draw = drawnFrom(initializer, random);
    for (let i = 0; i < result.data.length; i++) result.data[i] = draw();
  }
  return result;
}

type Distribution = Exclude<Initializer, string | { readonly constant: number }>;

function drawnFrom(distribution: Distribution, random: Random): () => number {
  if ("normal" in distribution) return () => distribution.normal * random.normal();
  if ("truncatedNormal" in distribution) return () => distribution.truncatedNormal * withinTwo(random);
  return () => distribution.uniform * (2 * random.uniform() - 1);
}

/** Standard normal, drawn again where it lies beyond ±2. */
function withinTwo({ normal }: Random): number {
  for (;;) {
    const drawn = normal();
    if (Math.abs(drawn) <= 2) return drawn;
  }
}
