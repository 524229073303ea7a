/** The weights of a model that was merged into few bits: a matrix is read by its parts, or as what they stand for. */
import { join } from "node:path";
import * as z from "zod";
import { quote } from "../formats/text.ts";
import { partName } from "../quantization/over-stored.ts";
import { type FewBits, storedForms } from "../quantization/registry.ts";
import type { Parts, PartSpec, Scheme } from "../quantization/scheme.ts";
import { sameShape, sizeOf } from "../tensor/shape.ts";
import { type Tensor, transposed } from "../tensor/tensor.ts";
import { fewBitsFile } from "./checkpoint.ts";
import { openSafetensors, type TensorInfo, type Weights } from "./weights.ts";

/** The metadata of such a file; `turned` are the matrices [out, in] that checkpoints of the model hold as [in, out]. */
export function fewBitsMetadata(form: FewBits, turned: readonly string[]): Record<string, string> {
  return { form, turned: JSON.stringify(turned) };
}

const Turned = z.array(z.string());

/** A matrix in few bits. */
interface Matrix {
  readonly parts: readonly string[];
  /** As a checkpoint of the model has it. */
  readonly info: TensorInfo;
  readonly isTurned: boolean;
}

/**
 * Opens the file among `names` that holds a model in few bits; null where there is none.
 * @throws Error in one line when there are two, or it is no sound file of that form.
 */
export async function openFewBits(folder: string, names: readonly string[]): Promise<Weights | null> {
  const there = (Object.keys(storedForms) as FewBits[]).filter((form) => names.includes(fewBitsFile(form)));
  const [form, other] = there;
  if (form === undefined) return null;
  if (other !== undefined)
    throw new Error(`${folder}: ${there.map(fewBitsFile).join(" and ")}, expected one file of weights`);
  const path = join(folder, fewBitsFile(form));
  const file = await openSafetensors(path);
  try {
    if (file.metadata["form"] !== form)
      throw new Error(`${path}: metadata form is ${quote(String(file.metadata["form"]))}, expected ${quote(form)}`);
    return weightsIn(file, matricesOf(file, path, storedForms[form]), storedForms[form]);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The matrices of a file, by their names. @throws Error in one line where a part is missing or has another shape. */
function matricesOf(
  { tensors, metadata }: Awaited<ReturnType<typeof openSafetensors>>,
  path: string,
  scheme: Scheme,
): Map<string, Matrix> {
  const turned = new Set(turnedIn(metadata["turned"], path));
  const matrices = new Map<string, Matrix>();
  const [first, ...others] = Object.keys(scheme.parts([0, 0]));
  for (const held of tensors.keys()) {
    if (!held.endsWith(partName("", first!))) continue;
    const name = held.slice(0, -partName("", first!).length);
    const parts = [first!, ...others];
    const missing = parts.find((part) => !tensors.has(partName(name, part)));
    if (missing !== undefined)
      throw new Error(`${path}: no tensor ${quote(partName(name, missing))} beside ${quote(held)}`);
    const specs = Object.fromEntries(parts.map((part) => [part, tensors.get(partName(name, part))!]));
    const shape = shapeOf(specs, scheme, `${path}: tensor ${quote(held)}`);
    const isTurned = turned.has(name);
    matrices.set(name, {
      parts,
      isTurned,
      info: { name, dtype: "float32", shape: isTurned ? shape.toReversed() : shape },
    });
  }
  return matrices;
}

function turnedIn(text: string | undefined, path: string): readonly string[] {
  try {
    return Turned.parse(JSON.parse(text ?? "[]"));
  } catch (error) {
    throw new Error(`${path}: metadata turned is ${quote(text!)}, expected a list of names`, { cause: error });
  }
}

function shapeOf(specs: Readonly<Record<string, PartSpec>>, scheme: Scheme, where: string): readonly number[] {
  const isSound = Object.values(specs).every(({ shape }) => shape.length > 0);
  const shape = isSound ? scheme.shape(specs) : [];
  const expected = scheme.fits(shape) ? Object.entries(scheme.parts(shape)) : [];
  const fits = expected.every(
    ([part, { dtype, shape: wanted }]) => specs[part]!.dtype === dtype && sameShape(specs[part]!.shape, wanted),
  );
  if (expected.length === 0 || !fits)
    throw new Error(`${where}: its parts are not those of a matrix as ${scheme.form}`);
  return shape;
}

function weightsIn(file: Weights, matrices: ReadonlyMap<string, Matrix>, scheme: Scheme): Weights {
  const partsOf = async (name: string, { parts }: Matrix): Promise<Parts> => {
    const read = parts.map(async (part) => [part, await file.read(partName(name, part))] as const);
    return Object.fromEntries(await Promise.all(read));
  };
  const decode = async (name: string, matrix: Matrix): Promise<Tensor<"float32">> => {
    const decoded = scheme.decode(await partsOf(name, matrix));
    return matrix.isTurned ? transposed(decoded) : decoded;
  };
  const ofMatrices = new Set([...matrices].flatMap(([name, { parts }]) => parts.map((part) => partName(name, part))));
  const plain = [...file.tensors].filter(([name]) => !ofMatrices.has(name));
  return {
    ...file,
    tensors: new Map([...plain, ...[...matrices].map(([name, { info }]) => [name, info] as const)]),
    read(name) {
      const matrix = matrices.get(name);
      return matrix ? decode(name, matrix) : file.read(name);
    },
    async readInto(name, target) {
      const matrix = matrices.get(name);
      if (!matrix) return file.readInto(name, target);
      const size = sizeOf(matrix.info.shape);
      if (target.length !== size)
        throw new Error(
          `${file.files.join()}: tensor ${quote(name)}: ${size} elements, the target has ${target.length}`,
        );
      target.set((await decode(name, matrix)).data);
    },
    async readEncoded(name, form, turned) {
      const matrix = matrices.get(name);
      return matrix && form === scheme.form && turned === matrix.isTurned ? partsOf(name, matrix) : null;
    },
  };
}
