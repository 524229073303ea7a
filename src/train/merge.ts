/** The weights a method leaves: its mathematics carried out on the base weights. */
import { simplify } from "../graph/simplify.ts";
import { isOp } from "../graph/value.ts";
import type { ParameterSpec, Weights } from "../nn/parameters.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type AdaptedModel, allWeights } from "./adapt.ts";
import { reparameterizedTable } from "./forward.ts";
import { finished } from "./step.ts";

/**
 * W′ of every parameter of the model, under its name. What is trained in place is there already; the rest is computed one
 * parameter at a time, as the method writes it. The adapted model stays as it is.
 * @param runtime where some weights are stored in few bits, one over these
 * @param specs those of the parameters that are asked for; all unless given
 */
export async function mergedWeights(
  adapted: AdaptedModel,
  runtime: Runtime,
  specs: readonly ParameterSpec[] = adapted.specs,
): Promise<Weights> {
  const table = reparameterizedTable(adapted);
  const weights = allWeights(adapted);
  const merged: Record<string, Tensor<"float32">> = {};
  for (const { name } of specs) {
    const [value] = simplify([table.get(name)!], finished(adapted));
    if (isOp(value!, "input")) {
      merged[name] = weights[name]!;
      continue;
    }
    const program = await runtime.compile({ merged: value! });
    const results = await program.run(adapted.feeds);
    merged[name] = results["merged"] as Tensor<"float32">;
    await program.dispose();
  }
  return merged;
}
