/** The kernel by definition: every gradient whole, in float64, by the interpreter. */
import { type Array64, array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { type OutputsOf, outputGradients, type TakenTensor } from "./jacobian.ts";

/** Every gradient of every input and output: [inputs · outputs] of the numbers that are trained, those that count in an output. */
export function directJacobian(
  adapted: AdaptedModel,
  outputsOf: OutputsOf,
  inputs: readonly Tensors[],
  isTaken?: TakenTensor,
): Float64Array[] {
  const { gradients: ofModels } = outputGradients([adapted], outputsOf, isTaken);
  const [gradients] = ofModels;
  const feeds = arrays(adapted.feeds);
  const ofTensors = [...gradients!.values()].filter((each) => each.some((gradient) => gradient !== null));
  const outputs = ofTensors[0]!.length;
  return inputs.flatMap((input) => {
    const fed = { ...feeds, ...arrays(input) };
    const known = ofTensors.flat().filter((gradient) => gradient !== null);
    const values = new Map(interpret(known, fed).map((array, i) => [known[i]!, array]));
    return Array.from({ length: outputs }, (_, a) =>
      joined(
        ofTensors.map((each) => {
          const size = values.get(each.find((gradient) => gradient !== null)!)!.data.length;
          const gradient = each[a]!;
          return gradient ? values.get(gradient)!.data : new Float64Array(size);
        }),
      ),
    );
  });
}

const arrays = (tensors: Tensors): Record<string, Array64> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape, data }]) => [name, array64(shape, Float64Array.from(data, Number))]),
  );

function joined(parts: readonly Float64Array[]): Float64Array {
  const result = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** ⟨gᵢ, hⱼ⟩ for every two rows. */
export function innerProducts(rows: readonly Float64Array[], columns: readonly Float64Array[]): Float64Array {
  return Float64Array.from(rows.flatMap((g) => columns.map((h) => g.reduce((sum, x, k) => sum + x * h[k]!, 0))));
}

/** How far two kernels are from each other: ‖K − L‖_F/‖L‖_F. */
export function relativeDistance(actual: Float64Array, expected: Float64Array): number {
  const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, each) => sum + each ** 2, 0));
  return norm(actual.map((x, i) => x - expected[i]!)) / norm(expected);
}
