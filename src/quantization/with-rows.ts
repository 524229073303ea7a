/** Rows of a stored matrix that become others, while the bytes of all the rest stay what they are. */
import { bytesOfTensor } from "../formats/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { StoredMatrix } from "./over-stored.ts";
import type { Parts } from "./scheme.ts";

/** The parts of a matrix [out, in] with `rows` [k, in] in the places of its rows `indices`; the matrix stays as it is. */
export function withRows({ scheme, parts }: StoredMatrix, indices: readonly number[], rows: Tensor<"float32">): Parts {
  const encoded = scheme.encode(rows);
  const written = Object.entries(parts).map(([name, part]) => {
    const held = part.read();
    const whole = { ...held, data: held.data.slice() } as Tensor;
    const [into, from] = [rowsOf(whole), rowsOf(encoded[name]!)];
    indices.forEach((row, i) => into(row).set(from(i)));
    return [name, whole];
  });
  return Object.fromEntries(written) as Parts;
}

/** How many rows of a matrix have other bytes in `after` than in `before`, in whatever part. */
export function changedRows(before: Parts, after: Parts): number {
  const pairs = Object.keys(before).map((name) => [rowsOf(before[name]!), rowsOf(after[name]!)] as const);
  const rows = Object.values(before)[0]!.shape[0]!;
  const isChanged = (row: number) => pairs.some(([a, b]) => !isSame(a(row), b(row)));
  return Array.from({ length: rows }, (_, row) => row).filter(isChanged).length;
}

/** The bytes of each slice of a tensor's first axis. */
function rowsOf(tensor: Tensor): (row: number) => Uint8Array {
  const bytes = bytesOfTensor(tensor);
  const length = bytes.length / tensor.shape[0]!;
  return (row) => bytes.subarray(row * length, (row + 1) * length);
}

const isSame = (a: Uint8Array, b: Uint8Array) => a.every((byte, i) => byte === b[i]);
