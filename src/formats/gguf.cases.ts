/** GGUF files written by hand for tests, sound or not. */

/** A value of the metadata: its kind, and its bytes. */
export interface Field {
  readonly kind: number;
  readonly bytes: Buffer;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

export function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

/** A string as a value. */
export function textField(value: string | Uint8Array): Field {
  return { kind: 8, bytes: text(value) };
}

/** A list of values of one kind. */
export function listField(kind: number, values: readonly Buffer[]): Field {
  return { kind: 9, bytes: Buffer.concat([uint32(kind), uint64(values.length), ...values]) };
}

/** What a header says of a tensor; `dimensions` in the order of the file. */
export interface TensorClaim {
  readonly name: string;
  readonly dimensions: readonly (number | bigint)[];
  readonly type: number;
  readonly offset: number | bigint;
}

export interface GgufContents {
  readonly version?: number;
  readonly fields?: readonly (readonly [key: string, field: Field])[];
  readonly tensors?: readonly TensorClaim[];
  /** Bytes after the header, which is padded to 32. */
  readonly data?: Uint8Array;
}

/** The bytes of a file. */
export function ggufFile({ version = 3, fields = [], tensors = [], data = new Uint8Array() }: GgufContents): Buffer {
  const header = Buffer.concat([
    Buffer.from("GGUF"),
    uint32(version),
    uint64(tensors.length),
    uint64(fields.length),
    ...fields.flatMap(([key, { kind, bytes }]) => [text(key), uint32(kind), bytes]),
    ...tensors.flatMap(({ name, dimensions, type, offset }) => [
      text(name),
      uint32(dimensions.length),
      ...dimensions.map(uint64),
      uint32(type),
      uint64(offset),
    ]),
  ]);
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32);
  return Buffer.concat([header, padding, data]);
}
