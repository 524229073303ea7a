/**
 * Adapter files: the trained numbers and where they belong, nothing of the base model.
 *
 * `adapter_model.safetensors` holds each trained tensor under its name and, where it is a part of a weight, its `indices`, with what
 * its slices are cut to as `within`, and the frozen tensors that the method adds; `adapter_config.json` says which parameter and axis each belongs to, and what it was
 * trained on.
 */
import * as z from "zod";
import type { Weights } from "../nn/parameters.ts";
import { tensor, type Tensor, toFloat32 } from "../tensor/tensor.ts";
import { isEntries, type Selection, selectedShape, viewOf } from "../tensor/view.ts";
import { formatShape, sameShape, sizeOf } from "../tensor/shape.ts";

/** A tensor of an adapter as a file keeps it. */
export interface AdapterTensor {
  readonly name: string;
  readonly parameter: string;
  readonly selection: Selection | null;
  readonly values: Tensor<"float32">;
}

/** Which part of a parameter: slices along an axis, single entries, or null for the whole. */
type PartName = number | "entries" | null;

/** Where each tensor belongs: its parameter, and which part of it. */
export type AdapterLayout = Readonly<Record<string, PartPlace>>;
interface PartPlace {
  readonly parameter: string;
  readonly axis: PartName;
  /** Whether the slices are cut to some of the other axis. */
  readonly cut?: boolean | undefined;
}
export const adapterLayout: z.ZodType<AdapterLayout> = z.record(
  z.string(),
  z.object({
    parameter: z.string(),
    axis: z.union([z.int().min(0).max(1), z.literal("entries")]).nullable(),
    cut: z.boolean().optional(),
  }),
);

const partName = (selection: Selection | null): PartName =>
  selection === null ? null : isEntries(selection) ? "entries" : selection.axis;
const indicesIn = (selection: Selection): ArrayLike<number> =>
  isEntries(selection) ? selection.entries : selection.indices;

const indicesOf = (name: string) => `${name}.indices`;
const withinOf = (name: string) => `${name}.within`;
const within = (selection: Selection | null) => (selection && !isEntries(selection) ? selection.within : undefined);
const wholeNumbers = (values: ArrayLike<number>) =>
  tensor("int64", [values.length], BigInt64Array.from(Array.from(values), BigInt));

/** The tensors and the layout of an adapter file. */
export function packAdapter(trained: readonly AdapterTensor[]): {
  tensors: Map<string, Tensor>;
  layout: AdapterLayout;
} {
  const tensors = new Map<string, Tensor>();
  for (const { name, values, selection } of trained) {
    tensors.set(name, values);
    if (selection) tensors.set(indicesOf(name), wholeNumbers(indicesIn(selection)));
    const cut = within(selection);
    if (cut) tensors.set(withinOf(name), wholeNumbers(cut));
  }
  const layout = Object.fromEntries(
    trained.map(({ name, parameter, selection }): [string, PartPlace] => [
      name,
      { parameter, axis: partName(selection), ...(within(selection) && { cut: true }) },
    ]),
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
  const numbers = (name: string) => Array.from(get(name).data as ArrayLike<number | bigint>, Number);
  const selectionOf = (name: string, { axis, cut }: PartPlace): Selection | null => {
    if (axis === null) return null;
    if (axis === "entries") return { entries: Int32Array.from(numbers(indicesOf(name))) };
    return { axis, indices: numbers(indicesOf(name)), ...(cut && { within: numbers(withinOf(name)) }) };
  };
  return Object.entries(layout).map(([name, place]) => ({
    name,
    parameter: place.parameter,
    selection: selectionOf(name, place),
    values: toFloat32(get(name)),
  }));
}

/**
 * Checks that an adapter's tensors fit the weights they belong to.
 * @throws Error in one line when a parameter is missing or a tensor does not fit it.
 */
export function checkAdapter(
  adapter: readonly AdapterTensor[],
  weights: Readonly<Record<string, { readonly shape: readonly number[] }>>,
  where: string,
): void {
  for (const { name, parameter, selection, values } of adapter) {
    const weight = weights[parameter];
    if (!weight) throw new Error(`${where}: ${name} belongs to ${parameter}, which the model does not have`);
    if (selection) checkSelection(selection, weight, `${where}: ${name}`, parameter);
    const shape = selectedShape(weight.shape, selection);
    if (!sameShape(shape, values.shape))
      throw new Error(
        `${where}: ${name} is ${formatShape(values.shape)}, its part of ${parameter} is ${formatShape(shape)}`,
      );
  }
}

/**
 * Writes an adapter's numbers into a model's weights, in the adapter's order.
 * @throws Error in one line when a parameter is missing or an adapter tensor does not fit it, before anything is written.
 */
export function applyAdapter(adapter: readonly AdapterTensor[], weights: Weights, where: string): void {
  checkAdapter(adapter, weights, where);
  for (const { parameter, selection, values } of adapter) {
    const view = viewOf(weights[parameter]!, selection);
    view.data.set(values.data);
    view.commit();
  }
}

function checkSelection(
  selection: Selection,
  { shape }: { readonly shape: readonly number[] },
  name: string,
  parameter: string,
): void {
  if (isEntries(selection)) return checkIndices(selection.entries, sizeOf(shape), "entries", name, parameter);
  const { axis, indices, within: cut } = selection;
  const size = shape[axis];
  if (size === undefined || (cut && shape.length !== 2))
    throw new Error(`${name} is along axis ${axis}, ${parameter} is ${formatShape(shape)}`);
  checkIndices(indices, size, `along axis ${axis}`, name, parameter);
  if (cut) checkIndices(cut, shape[1 - axis]!, `along axis ${1 - axis}`, name, parameter);
}

function checkIndices(indices: ArrayLike<number>, size: number, along: string, name: string, parameter: string): void {
  const seen = new Uint8Array(size);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (index < 0 || index >= size) throw new Error(`${name} has index ${index}, ${parameter} has ${size} ${along}`);
    if (seen[index]) throw new Error(`${name} has the index ${index} twice`);
    seen[index] = 1;
  }
}
