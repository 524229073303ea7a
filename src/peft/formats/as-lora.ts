/** Adapters of other methods whose change to a weight is a product of two small matrices, as LoRA adapters. */
import { formatShape } from "../../tensor/shape.ts";
import { type Tensor, tensor, transposed } from "../../tensor/tensor.ts";
import { isEntries, type Slices, viewOf } from "../../tensor/view.ts";
import type { AdapterTensor } from "../adapter.ts";
import type { LoraOptions } from "../methods/lora.ts";
import type { LoraXsOptions } from "../methods/lora-xs.ts";
import { methodOf, methodOptions } from "../registry.ts";
import type { RocoftOptions } from "../methods/rocoft.ts";
import type { Adapter, BaseModel } from "./format.ts";
import { below, byModule, whole } from "./parts.ts";

/** B [out, r] and A [r, in] for a module: what is added to its weight is scale·B·A. */
interface LowRank {
  readonly module: string;
  readonly b: Tensor<"float32">;
  readonly a: Tensor<"float32">;
}

/** The product that each module gets, and its scale. */
interface LowRankAdapter {
  readonly scale: number;
  readonly products: readonly LowRank[];
}

type AsLowRank = (body: readonly AdapterTensor[], options: object, base: BaseModel) => LowRankAdapter;

/** How it is done, by method. */
const conversions: Readonly<Record<string, AsLowRank>> = { rocoft: slicesAsProducts, lora_xs: loraXsAsProducts };

/** Whether the adapters of a method can be written as those of LoRA, though it is another. */
export const isLikeLora = (method: string): boolean => Object.hasOwn(conversions, method);

/**
 * The same adapter as one of LoRA.
 * @throws Error in one line where the method's change is no such product, or something else is trained beside it.
 */
export function asLora(adapter: Adapter, base: BaseModel): Adapter {
  if (adapter.method === "lora") return adapter;
  if (!isLikeLora(adapter.method))
    throw new Error(
      `${adapter.method}: is no LoRA in other words, expected one of lora, ${Object.keys(conversions).join(", ")}`,
    );
  const heads = new Set(base.specs.filter(({ head }) => head).map(({ name }) => name));
  const isHead = ({ parameter, selection }: AdapterTensor) => heads.has(parameter) && selection === null;
  const body = adapter.tensors.filter((part) => !isHead(part));
  const { scale, products: own } = conversions[adapter.method]!(body, adapter.options, base);
  const rank = Math.max(...own.map(({ a }) => a.shape[0]!));
  const products = own.map((product) => ofRank(product, rank));
  const options: Partial<LoraOptions> = {
    rank,
    lora_alpha: scale * rank,
    target_modules: products.map(({ module }) => module),
  };
  return {
    method: "lora",
    options: methodOptions(methodOf("lora"), { ...options }),
    tensors: [
      ...products.flatMap(({ module, a, b }) => [
        whole(`${module}.lora_A.weight`, a),
        whole(`${module}.lora_B.weight`, b),
      ]),
      ...adapter.tensors.filter(isHead),
    ],
  };
}

/** The same product with as many more rows and columns of zeros as make it one of `rank`. */
function ofRank({ module, a, b }: LowRank, rank: number): LowRank {
  const more = rank - a.shape[0]!;
  if (more === 0) return { module, a, b };
  const zeros = (width: number) => tensor("float32", [more, width], new Float32Array(more * width));
  return { module, a: below(a, zeros(a.shape[1]!)), b: transposed(below(transposed(b), zeros(b.shape[0]!))) };
}

/**
 * Trained rows S are W + E·ΔR, E [out, r] the columns S of the identity; trained columns are W + ΔC·Eᵀ. What rows and columns both
 * have, the columns decide.
 */
function slicesAsProducts(body: readonly AdapterTensor[], options: object, base: BaseModel): LowRankAdapter {
  const { update } = options as RocoftOptions;
  if (update === "entries")
    throw new Error("update: entries; single entries are no product of small matrices, expected rows or columns");
  const other = body.find(({ selection }) => selection === null || isEntries(selection));
  if (other) throw new Error(`${other.name}: is trained beside the ${update}s, and LoRA has no place for it`);
  const weights = [...new Set(body.map(({ parameter }) => parameter))];
  const partsOf = (weight: string) => body.filter(({ parameter }) => parameter === weight);
  return { scale: 1, products: weights.map((weight) => productOf(weight, partsOf(weight), base)) };
}

function productOf(parameter: string, parts: readonly AdapterTensor[], { weights }: BaseModel): LowRank {
  const weight = weights[parameter];
  if (!weight) throw new Error(`${parameter}: is trained, and the model does not have it`);
  const [out, inner] = weight.shape as [number, number];
  const columnParts = parts.map(({ selection }) => selection as Slices).filter(({ axis }) => axis === 1);
  const factors = parts.map((part) => {
    const { axis, indices, within } = part.selection as Slices;
    const change = changeOf(part, weight);
    if (axis === 1) return { b: within ? spread(change, within, out) : change, a: selector(indices, inner) };
    for (const columns of columnParts)
      for (const [i, row] of indices.entries())
        if (columns.within?.includes(row) ?? true)
          for (const column of columns.indices) change.data[i * inner + column] = 0;
    return { b: transposed(selector(indices, out)), a: change };
  });
  return {
    module: parameter.replace(/\.weight$/, ""),
    a: below(...factors.map(({ a }) => a)),
    b: transposed(below(...factors.map(({ b }) => transposed(b)))),
  };
}

/** By how much a part was trained away from the base weight. */
function changeOf({ name, selection, values }: AdapterTensor, weight: Tensor<"float32">): Tensor<"float32"> {
  const before = viewOf(weight, selection);
  if (before.data.length !== values.data.length)
    throw new Error(`${name} is ${formatShape(values.shape)}, its part of the model is ${formatShape(before.shape)}`);
  return tensor(
    "float32",
    values.shape,
    values.data.map((x, i) => x - before.data[i]!),
  );
}

/** A matrix of `size` rows, those at `rows` being the given ones and the others zero. */
function spread({ shape, data }: Tensor<"float32">, rows: readonly number[], size: number): Tensor<"float32"> {
  const width = shape[1]!;
  const all = new Float32Array(size * width);
  for (const [i, row] of rows.entries()) all.set(data.subarray(i * width, (i + 1) * width), row * width);
  return tensor("float32", [size, width], all);
}

/** Rows of the identity [size, size]. */
function selector(indices: readonly number[], size: number): Tensor<"float32"> {
  const chosen = new Float32Array(indices.length * size);
  for (const [i, index] of indices.entries()) chosen[i * size + index] = 1;
  return tensor("float32", [indices.length, size], chosen);
}

/** B·(R·A): the trained matrix and the frozen one before it become one. */
function loraXsAsProducts(body: readonly AdapterTensor[], options: object): LowRankAdapter {
  const { rank, lora_alpha } = options as LoraXsOptions;
  const [a, b, between] = ["lora_A.weight", "lora_B.weight", "lora_latent_mapping.weight"] as const;
  const modules = byModule(new Map(body.map(({ name, values }) => [name, values])), [a, b, between]);
  const products = [...modules].map(([module, parts]) => ({
    module,
    b: parts[b],
    a: product(parts[between], parts[a]),
  }));
  return { scale: lora_alpha / rank, products };
}

/** The product of two matrices, summed in float64. */
function product(left: Tensor<"float32">, right: Tensor<"float32">): Tensor<"float32"> {
  const [rows, inner] = left.shape as [number, number];
  const columns = right.shape[1]!;
  const made = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += left.data[i * inner + k]! * right.data[k * columns + j]!;
      made[i * columns + j] = sum;
    }
  return tensor("float32", [rows, columns], made);
}
