/** Reads the bytes of an ONNX model by the field numbers of onnx.proto3, independently of the writer. */

export interface ReadValue {
  readonly name: string;
  /** TensorProto.DataType */
  readonly type: number;
  readonly shape: readonly (number | string)[];
}
export interface ReadNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, number | string | readonly number[]>>;
}
export interface ReadModel {
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  readonly nodes: readonly ReadNode[];
  readonly initializers: readonly (ReadValue & { readonly data: Uint8Array })[];
  readonly inputs: readonly ReadValue[];
  readonly outputs: readonly ReadValue[];
}

type Field = bigint | Uint8Array;

/** Every field of a message, by its number, in the order of the bytes. */
function message(bytes: Uint8Array): (number: number) => Field[] {
  const fields = new Map<number, Field[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
  };
  const read: Readonly<Record<number, () => Field>> = {
    0: varint,
    2: () => take(Number(varint())),
    5: () => take(4),
  };
  const take = (length: number) => {
    if (at + length > bytes.length) throw new Error(`a field of ${length} bytes passes the end of its message`);
    return bytes.subarray(at, (at += length));
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    if (!fields.has(number)) fields.set(number, []);
    fields.get(number)!.push(read[tag & 7]!());
  }
  return (number) => fields.get(number) ?? [];
}

const text = (field: Field | undefined) =>
  new TextDecoder("utf-8", { fatal: true }).decode((field ?? new Uint8Array()) as Uint8Array);
const inner = (field: Field | undefined) => message((field ?? new Uint8Array()) as Uint8Array);
const float = (field: Field) => new DataView((field as Uint8Array).slice().buffer).getFloat32(0, true);

/** AttributeProto.AttributeType: FLOAT, INT, STRING, INTS. */
const attributeValues: Readonly<Record<number, (get: ReturnType<typeof message>) => number | string | number[]>> = {
  1: (get) => float(get(2)[0]!),
  2: (get) => Number(get(3)[0]),
  3: (get) => text(get(4)[0]),
  7: (get) => get(8).map(Number),
};

function node(bytes: Field): ReadNode {
  const get = inner(bytes);
  const attributes = get(5).map((attribute) => {
    const of = inner(attribute);
    return [text(of(1)[0]), attributeValues[Number(of(20)[0])]!(of)] as const;
  });
  return {
    op: text(get(4)[0]),
    domain: text(get(7)[0]),
    inputs: get(1).map(text),
    outputs: get(2).map(text),
    attributes: Object.fromEntries(attributes),
  };
}

function valueInfo(bytes: Field): ReadValue {
  const get = inner(bytes);
  const type = inner(inner(get(2)[0])(1)[0]);
  const dims = inner(type(2)[0])(1).map(inner);
  return {
    name: text(get(1)[0]),
    type: Number(type(1)[0]),
    shape: dims.map((of) => (of(2).length > 0 ? text(of(2)[0]) : Number(of(1)[0]))),
  };
}

function initializer(bytes: Field): ReadModel["initializers"][number] {
  const get = inner(bytes);
  return { name: text(get(8)[0]), type: Number(get(2)[0]), shape: get(1).map(Number), data: get(9)[0] as Uint8Array };
}

export function readModel(bytes: Uint8Array): ReadModel {
  const get = message(bytes);
  const graph = inner(get(7)[0]);
  const opsets = get(8).map((field) => [text(inner(field)(1)[0]), Number(inner(field)(2)[0])] as const);
  return {
    irVersion: Number(get(1)[0]),
    opsets: Object.fromEntries(opsets),
    nodes: graph(1).map(node),
    initializers: graph(5).map(initializer),
    inputs: graph(11).map(valueInfo),
    outputs: graph(12).map(valueInfo),
  };
}
