/** Small matrices in few bits that every program holds by itself, turned and packed as its products want them. */
import type { Value } from "../graph/value.ts";
import { isOp } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { bytesPerElement } from "../tensor/dtype.ts";
import { sizeOf } from "../tensor/shape.ts";
import { partName, type StoredSpec } from "./over-stored.ts";
import type { PartSpec } from "./scheme.ts";

/** Matrices of so many bytes are laid out: small models' batches are short beside them. Those of larger models lie in memory once, for all programs. */
const MOST = 64 * 2 ** 20;

const bytesOf = ({ dtype, shape }: PartSpec): number => sizeOf(shape) * bytesPerElement(dtype);

/** Whether matrices are laid out: where they are small, and products with them are of their codes, which no program makes float32. */
export function areLaidOut(stored: ReadonlyMap<string, StoredSpec>, most: number = MOST): boolean {
  const matrices = [...stored.values()];
  const isOfCodes = matrices.every(({ scheme: { times, timesTransposed } }) => times && timesTransposed);
  const parts = matrices.flatMap((matrix) => Object.values(matrix.parts));
  return isOfCodes && parts.reduce((sum, part) => sum + bytesOf(part), 0) <= most;
}

/** What a program of `outputs` holds of matrices that are laid out, in bytes: of each product its right side, and what is looked up. */
export function laidOutBytes(outputs: readonly Value[], stored: ReadonlyMap<string, StoredSpec>): number {
  const parts = new Map(
    [...stored].flatMap(([name, matrix]) =>
      Object.entries(matrix.parts).map(([part, spec]) => [partName(name, part), spec] as const),
    ),
  );
  const lookedUp = new Set<PartSpec>();
  let packed = 0;
  for (const value of topological(outputs)) {
    if (isOp(value, "integerMatmul")) packed += sizeOf(value.operands[1].shape as readonly number[]);
    if (!isOp(value, "gather")) continue;
    const part = isOp(value.operands[0], "input") && parts.get(value.operands[0].attrs.name);
    if (part) lookedUp.add(part);
  }
  return packed + [...lookedUp].reduce((sum, part) => sum + bytesOf(part), 0);
}
