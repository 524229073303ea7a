/**
 * Adapter files: the trained numbers and where they belong, nothing of the base model.
 *
 * `adapter_model.safetensors` holds each trained tensor under its name and, where it is a part of a weight, its `indices`;
 * `adapter_config.json` says which parameter and axis it belongs to, and what it was trained on.
 */
import * as z from "zod";
import { tensor, type Tensor, toFloat32 } from "../tensor/tensor.ts";
import { type Selection, viewOf } from "../tensor/view.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";

/** A trained tensor as a file keeps it. */
export interface AdapterTensor {
  readonly name: string;
  readonly parameter: string;
  readonly selection: Selection | null;
  readonly values: Tensor<"float32">;
}

/** Where each trained tensor belongs: its parameter, and the axis of its slices (null for the whole). */
export type AdapterLayout = Readonly<Record<string, { readonly parameter: string; readonly axis: number | null }>>;
export const adapterLayout: z.ZodType<AdapterLayout> = z.record(
  z.string(),
  z.object({ parameter: z.string(), axis: z.int().min(0).max(1).nullable() }),
);

const indicesOf = (name: string) => `${name}.indices`;

/** The tensors and the layout of an adapter file. */
export function packAdapter(trained: readonly AdapterTensor[]): {
  tensors: Map<string, Tensor>;
  layout: AdapterLayout;
} {
  const tensors = new Map<string, Tensor>();
  for (const { name, values, selection } of trained) {
    tensors.set(name, values);
    if (selection)
      tensors.set(
        indicesOf(name),
        tensor("int64", [selection.indices.length], BigInt64Array.from(selection.indices.map(BigInt))),
      );
  }
  const layout = Object.fromEntries(
    trained.map(({ name, parameter, selection }) => [name, { parameter, axis: selection?.axis ?? null }]),
  );
  return { tensors, layout };
}

/**
 * The trained tensors of an adapter file.
 * @throws Error in one line when a tensor or its indices are missing.
 */
export function unpackAdapter(
  tensors: ReadonlyMap<string, Tensor>,
  layout: AdapterLayout,
  where: string,
): AdapterTensor[] {
  const get = (name: string) => {
    const found = tensors.get(name);
    if (!found) throw new Error(`${where}: no tensor named ${name} (found ${tensors.size} others)`);
    return found;
  };
  return Object.entries(layout).map(([name, { parameter, axis }]) => ({
    name,
    parameter,
    selection: axis === null ? null : { axis, indices: Array.from(get(indicesOf(name)).data, Number) },
    values: toFloat32(get(name)),
  }));
}

/**
 * Writes an adapter's numbers into a model's weights, in the adapter's order.
 * @throws Error in one line when a parameter is missing or an adapter tensor does not fit it, before anything is written.
 */
export function applyAdapter(
  adapter: readonly AdapterTensor[],
  weights: Readonly<Record<string, Tensor<"float32">>>,
  where: string,
): void {
  const views = adapter.map(({ name, parameter, selection, values }) => {
    const weight = weights[parameter];
    if (!weight) throw new Error(`${where}: ${name} belongs to ${parameter}, which the model does not have`);
    if (selection) checkSelection(selection, weight, `${where}: ${name}`, parameter);
    const view = viewOf(weight, selection);
    if (!sameShape(view.shape, values.shape))
      throw new Error(
        `${where}: ${name} is ${formatShape(values.shape)}, its part of ${parameter} is ${formatShape(view.shape)}`,
      );
    return { view, values };
  });
  for (const { view, values } of views) {
    view.data.set(values.data);
    view.commit();
  }
}

function checkSelection({ axis, indices }: Selection, { shape }: Tensor, name: string, parameter: string): void {
  const size = shape[axis];
  if (size === undefined) throw new Error(`${name} is along axis ${axis}, ${parameter} is ${formatShape(shape)}`);
  const outside = indices.find((index) => index < 0 || index >= size);
  if (outside !== undefined)
    throw new Error(`${name} has index ${outside}, ${parameter} has ${size} along axis ${axis}`);
  if (new Set(indices).size < indices.length) throw new Error(`${name} has an index twice: ${indices.join(", ")}`);
}
