/** The gradient of a table as the few rows that an input reads: word embeddings, positions, the label words of a language model. */
import { isOp, type Value } from "../graph/value.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Arithmetic, Rows } from "./contraction.ts";
import { addTo, type Give, type GradientForm, type InputGradients, summands } from "./gradient-form.ts";

/** Rows of a gradient: which they are, fixed or by the name of what a run gives, and what is added to each. */
interface Term {
  readonly index: readonly number[] | string;
  readonly values: string;
}

const isOfRows = (term: Value): boolean => isOp(term, "scatterAdd") || (isOp(term, "put") && term.attrs.axis === 0);

/** Whether each output's gradient has numbers in some rows of the tensor alone. */
export const isOfFewRows = (gradients: readonly (Value | null)[]): boolean =>
  gradients.every((gradient) => summands(gradient).every(isOfRows));

/**
 * @param name of the trained tensor
 * @param gradients of the trained tensor, of each output; {@link isOfFewRows}
 */
export function rowGradient(name: string, gradients: readonly (Value | null)[], give: Give): GradientForm {
  const ofOutputs = gradients.map((gradient) => summands(gradient).map((term) => termOf(term, give)));
  const width = sizeOf(gradients.find((gradient) => gradient !== null)!.shape.slice(1) as readonly number[]);
  const [ids, values] = [`${name}.rows`, `${name}.gradients`];
  return {
    keep(results) {
      const read = rowsOf(ofOutputs, results, width);
      return { [ids]: read.ids, [values]: read.values };
    },
    contract: (rows, columns, arithmetic) => {
      const of = (inputs: readonly InputGradients[]) =>
        inputs.map((input) => ({ ids: input[ids]!, values: input[values]! }) as FewRows);
      return contracted(of(rows), of(columns), width, arithmetic);
    },
  };
}

function termOf(term: Value, give: Give): Term {
  const [values, index] = term.operands as readonly [Value, Value];
  return { values: give(values), index: isOp(term, "put") ? term.attrs.indices : give(index) };
}

/** Numbers of some rows: which rows, in order [n], and the gradient of each output there, [outputs, n, width]. */
interface FewRows {
  readonly ids: Tensor<"int32">;
  readonly values: Tensor<"float32">;
}

/** Adds up what belongs to the same row. */
function rowsOf(ofOutputs: readonly (readonly Term[])[], results: Tensors, width: number): FewRows {
  const indexOf = ({ index }: Term): readonly number[] =>
    typeof index === "string" ? Array.from(results[index]!.data as BigInt64Array, Number) : index;
  const ids = [...new Set(ofOutputs.flat().flatMap(indexOf))].toSorted((a, b) => a - b);
  const places = new Map(ids.map((id, place) => [id, place]));
  const values = new Float32Array(ofOutputs.length * ids.length * width);
  ofOutputs.forEach((terms, a) => {
    for (const term of terms) {
      const source = results[term.values]!.data as Float32Array;
      indexOf(term).forEach((id, i) => {
        const at = (a * ids.length + places.get(id)!) * width;
        for (let k = 0; k < width; k++) values[at + k]! += source[i * width + k]!;
      });
    }
  });
  return {
    ids: tensor("int32", [ids.length], Int32Array.from(ids)),
    values: tensor("float32", [ofOutputs.length, ids.length, width], values),
  };
}

/** Goes through the rows that both sides have, as many at a time as fit the work space. */
async function contracted(
  rows: readonly FewRows[],
  columns: readonly FewRows[],
  width: number,
  arithmetic: Arithmetic,
): Promise<Float64Array> {
  const outputs = rows[0]!.values.shape[0]!;
  const kernel = new Float64Array(rows.length * columns.length * outputs ** 2);
  const there = new Set(columns.flatMap(({ ids }) => [...ids.data]));
  const common = [...new Set(rows.flatMap(({ ids }) => [...ids.data]))].filter((id) => there.has(id));
  const bytesOfRow = (rows.length + columns.length) * outputs * width * Float32Array.BYTES_PER_ELEMENT;
  const step = Math.max(1, Math.floor(arithmetic.workBytes / bytesOfRow));
  for (let first = 0; first < common.length; first += step) {
    const chosen = new Map(common.slice(first, first + step).map((id, place) => [id, place]));
    const [left, right] = [spread(rows, chosen, width), spread(columns, chosen, width)];
    addTo(kernel, await arithmetic.inner(left, right, chosen.size * width));
  }
  return kernel;
}

/** Of every input and output, its numbers in the chosen rows, zeros where it has none: [inputs · outputs, chosen · width]. */
function spread(inputs: readonly FewRows[], chosen: ReadonlyMap<number, number>, width: number): Rows {
  const outputs = inputs[0]!.values.shape[0]!;
  const size = chosen.size * width;
  const data = new Float32Array(inputs.length * outputs * size);
  inputs.forEach(({ ids, values }, i) =>
    ids.data.forEach((id, n) => {
      const place = chosen.get(id);
      if (place === undefined) return;
      for (let a = 0; a < outputs; a++) {
        const from = (a * ids.data.length + n) * width;
        data.set(values.data.subarray(from, from + width), (i * outputs + a) * size + place * width);
      }
    }),
  );
  return { count: inputs.length * outputs, data };
}
