/** Gradients kept as they are: of vectors, of the small tensors that methods train, of whatever is no product of few tokens. */
import type { Value } from "../graph/value.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Arithmetic, Rows } from "./contraction.ts";
import { addTo, type Give, type GradientForm, type InputGradients } from "./gradient-form.ts";

/** A trained tensor: how many numbers it has, and the names of its gradients, null where an output does not depend on it. */
interface WholeGradient {
  readonly size: number;
  readonly ofOutputs: readonly (string | null)[];
}

/** @param tensors of each trained tensor the gradient of each output */
export function wholeGradients(tensors: readonly (readonly (Value | null)[])[], give: Give): GradientForm {
  const kept = tensors.flatMap((gradients) => {
    const known = gradients.find((gradient) => gradient !== null);
    return known
      ? [{ size: sizeOf(known.shape as readonly number[]), ofOutputs: gradients.map((g) => g && give(g)) }]
      : [];
  });
  const names = kept.flatMap(({ ofOutputs }) => ofOutputs.filter((name) => name !== null));
  const total = kept.reduce((sum, { size }) => sum + size, 0);
  return {
    keep: (results) => Object.fromEntries(names.map((name) => [name, results[name]!])),
    contract: (rows, columns, arithmetic) => inChunks(kept, total, rows, columns, arithmetic),
  };
}

/** Goes through all numbers of the gradients, as many at a time as fit the work space. */
async function inChunks(
  tensors: readonly WholeGradient[],
  total: number,
  rows: readonly InputGradients[],
  columns: readonly InputGradients[],
  arithmetic: Arithmetic,
): Promise<Float64Array> {
  const outputs = tensors[0]?.ofOutputs.length ?? 0;
  const kernel = new Float64Array(rows.length * columns.length * outputs ** 2);
  const bytesOfOne = (rows.length + columns.length) * outputs * Float32Array.BYTES_PER_ELEMENT;
  const chunk = Math.max(1, Math.min(total, Math.floor(arithmetic.workBytes / bytesOfOne)));
  for (let from = 0; from < total; from += chunk) {
    const to = Math.min(total, from + chunk);
    const [left, right] = [stacked(tensors, rows, outputs, from, to), stacked(tensors, columns, outputs, from, to)];
    addTo(kernel, await arithmetic.inner(left, right, to - from));
  }
  return kernel;
}

/** Of every input and output, the numbers `from` … `to` − 1 of its gradients as one vector. */
function stacked(
  tensors: readonly WholeGradient[],
  inputs: readonly Tensors[],
  outputs: number,
  from: number,
  to: number,
): Rows {
  const size = to - from;
  const data = new Float32Array(inputs.length * outputs * size);
  let start = 0;
  for (const { size: length, ofOutputs } of tensors) {
    const [first, last] = [Math.max(from, start), Math.min(to, start + length)];
    if (first < last)
      inputs.forEach((input, i) =>
        ofOutputs.forEach((name, a) => {
          if (name === null) return;
          const part = (input[name]!.data as Float32Array).subarray(first - start, last - start);
          data.set(part, (i * outputs + a) * size + first - from);
        }),
      );
    start += length;
  }
  return { count: inputs.length * outputs, data };
}
