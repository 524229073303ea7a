/** The tensors of an adapter, put in order. */
import type { ParameterSpec } from "../../nn/parameters.ts";
import { formatShape, sameShape, sizeOf } from "../../tensor/shape.ts";
import { type Tensor, tensor, toFloat32 } from "../../tensor/tensor.ts";
import type { AdapterTensor } from "../adapter.ts";
import type { OwnPart } from "./format.ts";

/** A tensor that a method adds, or a parameter as a whole. */
export const whole = (name: string, values: Tensor<"float32">): AdapterTensor => ({
  name,
  parameter: name,
  selection: null,
  values,
});

/** A parameter that was trained as a whole. @throws Error in one line when the model has none of that name and shape. */
export function parameterOf(name: string, value: Tensor, specs: readonly ParameterSpec[]): AdapterTensor {
  const spec = specs.find((parameter) => parameter.name === name);
  if (!spec) throw new Error(`tensor ${name} belongs to no part of the model or of the method that is known`);
  if (!sameShape(spec.shape, value.shape))
    throw new Error(`tensor ${name} is ${formatShape(value.shape)}, the model's is ${formatShape(spec.shape)}`);
  return whole(name, toFloat32(value));
}

/** What {@link byModule} gives of a module. */
export type ModuleTensors<S extends string, M extends string = never> = Readonly<Record<S, Tensor<"float32">>> &
  Readonly<Partial<Record<M, Tensor<"float32">>>>;

/**
 * The tensors of each module by the ends of their names.
 * @param suffixes those that every module has
 * @param more those that some have
 * @throws Error in one line when a module lacks one.
 */
export function byModule<S extends string, M extends string = never>(
  tensors: ReadonlyMap<string, Tensor>,
  suffixes: readonly S[],
  more: readonly M[] = [],
): Map<string, ModuleTensors<S, M>> {
  const modules = new Map<string, Record<string, Tensor<"float32">>>();
  for (const [name, value] of tensors) {
    const suffix = [...suffixes, ...more].find((end) => name.endsWith(`.${end}`));
    if (suffix === undefined) continue;
    const module = name.slice(0, -suffix.length - 1);
    modules.set(module, { ...modules.get(module), [suffix]: toFloat32(value) });
  }
  for (const [module, parts] of modules) {
    const missing = suffixes.find((suffix) => !(suffix in parts));
    if (missing !== undefined) throw new Error(`no tensor named ${module}.${missing}`);
  }
  return modules as Map<string, ModuleTensors<S, M>>;
}

/** The tensors of an adapter by name. */
export const byName = ({ tensors }: OwnPart): Map<string, Tensor<"float32">> =>
  new Map(tensors.map(({ name, values }) => [name, values]));

/** The modules that have a tensor whose name ends so. */
export function targetsOf(tensors: ReadonlyMap<string, unknown>, suffix: string): string[] {
  const end = `.${suffix}`;
  return [...tensors.keys()].filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
}

/** The matrix with its rows at these places among `count`, zeros between them. */
export function spreadRows(
  { shape, data }: Tensor<"float32">,
  places: readonly number[],
  count: number,
): Tensor<"float32"> {
  const columns = sizeOf(shape.slice(1));
  const spread = new Float32Array(count * columns);
  for (const [i, place] of places.entries()) spread.set(data.subarray(i * columns, (i + 1) * columns), place * columns);
  return tensor("float32", [count, ...shape.slice(1)], spread);
}

/** The matrix with `count` rows, zeros below those it has. */
export const withRows = (matrix: Tensor<"float32">, count: number): Tensor<"float32"> =>
  spreadRows(matrix, [...Array(matrix.shape[0]!).keys()], count);

/** Rows of a matrix, one under the other. */
export function rowsOf({ shape, data }: Tensor<"float32">, rows: readonly number[]): Tensor<"float32"> {
  const columns = sizeOf(shape.slice(1));
  const taken = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) taken.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  return tensor("float32", [rows.length, ...shape.slice(1)], taken);
}

/** Matrices [*, columns], one under the other. */
export function below(...matrices: readonly Tensor<"float32">[]): Tensor<"float32"> {
  const rows = matrices.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const joined = new Float32Array(matrices.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of matrices) {
    joined.set(data, at);
    at += data.length;
  }
  return tensor("float32", [rows, matrices[0]!.shape[1]!], joined);
}

/** Every number times a factor. */
export function scaledBy({ shape, data }: Tensor<"float32">, factor: number): Tensor<"float32"> {
  return tensor(
    "float32",
    shape,
    data.map((x) => x * factor),
  );
}
