/** Little-endian values one after another, of which each is known to be there before it is read. */
import { quote } from "./text.ts";

/** Thrown when the bytes at hand end and those of the file do not. */
export class IncompleteBytes extends Error {}

type Fixed<T> = (what: string) => T;

/** Reads on from where it is; `what` names the thing in errors. */
export interface Cursor {
  /** The file, for errors. */
  readonly where: string;
  readonly uint8: Fixed<number>;
  readonly int8: Fixed<number>;
  readonly uint16: Fixed<number>;
  readonly int16: Fixed<number>;
  readonly uint32: Fixed<number>;
  readonly int32: Fixed<number>;
  readonly float32: Fixed<number>;
  readonly float64: Fixed<number>;
  readonly uint64: Fixed<bigint>;
  readonly int64: Fixed<bigint>;
  /** UTF-8 after its length. */
  readonly text: Fixed<string>;
  /** How many things of at least `least` bytes follow: no more than the file has room for. */
  count(what: string, least: number): number;
  /** Bytes read so far. */
  offset(): number;
}

/**
 * A cursor at the start of `bytes`, which are the first of a file of `fileSize` bytes. Each of its functions throws an Error
 * `where: …` for what the file has no room for or is not UTF-8, and {@link IncompleteBytes} for what lies after `bytes`.
 */
export function cursor(bytes: Uint8Array, fileSize: number, where: string): Cursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let offset = 0;

  /** Where the next `length` bytes begin. */
  const take = (length: number, what: string): number => {
    if (offset + length > fileSize)
      throw new Error(`${where}: ends at byte ${fileSize}, ${quote(what)} at byte ${offset} takes ${length} bytes`);
    if (offset + length > bytes.length) throw new IncompleteBytes();
    offset += length;
    return offset - length;
  };
  const count = (what: string, least: number): number => {
    const value = view.getBigUint64(take(8, what), true);
    if (value * BigInt(least) > fileSize - offset)
      throw new Error(
        `${where}: ${quote(what)} counts ${value}, more than the ${fileSize - offset} bytes after it hold`,
      );
    return Number(value);
  };
  const text = (what: string): string => {
    const length = count(what, 1);
    const begin = take(length, what);
    try {
      return decoder.decode(bytes.subarray(begin, begin + length));
    } catch {
      throw new Error(`${where}: ${quote(what)} at byte ${begin} is not UTF-8`);
    }
  };
  return {
    where,
    uint8: (what) => view.getUint8(take(1, what)),
    int8: (what) => view.getInt8(take(1, what)),
    uint16: (what) => view.getUint16(take(2, what), true),
    int16: (what) => view.getInt16(take(2, what), true),
    uint32: (what) => view.getUint32(take(4, what), true),
    int32: (what) => view.getInt32(take(4, what), true),
    float32: (what) => view.getFloat32(take(4, what), true),
    float64: (what) => view.getFloat64(take(8, what), true),
    uint64: (what) => view.getBigUint64(take(8, what), true),
    int64: (what) => view.getBigInt64(take(8, what), true),
    text,
    count,
    offset: () => offset,
  };
}
