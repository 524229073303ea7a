/** Where lowerings write their ONNX nodes: it gives names, keeps constants once, and knows sizes that vary. */
import { termsOf } from "../graph/dim.ts";
import type { Dim, ValueType } from "../graph/primitive.ts";
import { isOp, type Value } from "../graph/value.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Attribute, Node } from "./proto.ts";

/** Inputs by name that the model holds as constants. */
export type ModelWeights = Readonly<Record<string, Tensor>>;

export interface Constant {
  readonly name: string;
  readonly type: DType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface NodeOptions {
  readonly domain?: "com.microsoft";
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface Emitter {
  /** The name under which a value that is lowered already can be read. */
  name(value: Value): string;
  /** Appends a node with one output; returns the output's name. */
  node(op: string, inputs: readonly string[], options?: NodeOptions): string;
  /** A small constant, kept once per type, shape and content. */
  constant(type: ValueType, values: readonly number[], shape?: readonly number[]): string;
  /** The tensor `name`, kept once; its numbers are not copied. */
  tensor(name: string, tensor: Tensor): string;
  /** The numbers of an input that the model holds; null for every other value. */
  weight(value: Value): Tensor | null;
  /** The sizes of `shape`, as an int64 vector; named sizes are read off the inputs, or {@link measured}. */
  sizes(shape: readonly Dim[]): string;
  /** Says that the size named `size`, if it is a name, is what the tensor `name` has along `axis`. */
  measured(size: Dim, name: string, axis: number): void;
  /** The number `value`, filling `shape`, made once. */
  filled(type: ValueType, value: number, shape: readonly Dim[]): string;
  /** What `make` writes, once for each `key`: the name of its result. */
  once(key: string, make: () => string): string;
  /** Says that `result` of `value` is computed by the way under `name`; see {@link byProduct}. */
  offer(result: string, value: Value, detail: string, name: () => string): void;
  /** What a kernel already lowered computes of `value` by the way, or null. */
  byProduct(result: string, value: Value, detail: string): string | null;
  /** Asks the kernel that computed `output` for one more of its outputs. */
  extraOutput(output: string, index: number): string;
}

/** An emitter, and what it has collected. Of `weights` it keeps those that are read. */
export function createEmitter(weights: ModelWeights): {
  emitter: Emitter;
  bind(value: Value, name: string): void;
  nodes: Node[];
  constants(): Constant[];
} {
  const nodes: Node[] = [];
  const constants = new Map<string, Constant>();
  const names = new Map<Value, string>();
  const offers = new Map<string, () => string>();
  const sizeNames = new Map<string, string>();
  const made = new Map<string, string>();
  const identity = new Map<Value, number>();
  const fresh = (prefix: string) => `${prefix}_${nodes.length}`;
  const keyOf = (result: string, value: Value, detail: string) => {
    if (!identity.has(value)) identity.set(value, identity.size);
    return `${result} ${identity.get(value)} ${detail}`;
  };

  const emitter: Emitter = {
    name(value) {
      const weight = emitter.weight(value);
      return weight === null ? names.get(value)! : emitter.tensor((value as Value<"input">).attrs.name, weight);
    },
    node(op, inputs, { domain = "" as "com.microsoft", attributes = {} } = {}) {
      const output = fresh(op);
      nodes.push({ op, domain, inputs, outputs: [output], attributes });
      return output;
    },
    constant(type, values, shape = []) {
      const key = `${type} ${shape.join("x")} ${values.join(",")}`;
      const known = constants.get(key);
      if (known) return known.name;
      const made = { name: `constant_${constants.size}`, type, shape, data: encode[type](values) };
      constants.set(key, made);
      return made.name;
    },
    tensor(name, { dtype, shape, data }) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      constants.set(`tensor ${name}`, { name, type: dtype, shape, data: bytes });
      return name;
    },
    weight: (value) => (isOp(value, "input") && weights[value.attrs.name]) || null,
    sizes(shape) {
      const key = shape.join(",");
      const known = sizeNames.get(key);
      if (known) return known;
      const parts = shape.map((n) => (typeof n === "number" ? emitter.constant("int64", [n], [1]) : sizeOf(n)));
      const made = shape.every((n) => typeof n === "number")
        ? emitter.constant("int64", shape, [shape.length])
        : emitter.node("Concat", parts, { attributes: { axis: { int: 0 } } });
      sizeNames.set(key, made);
      return made;
    },
    measured(size, name, axis) {
      if (typeof size === "number" || sizeNames.has(size)) return;
      const attributes = { start: { int: axis }, end: { int: axis + 1 } };
      sizeNames.set(size, emitter.node("Shape", [name], { attributes }));
    },
    filled: (type, value, shape) =>
      emitter.once(`${type} ${value} ${shape.join(",")}`, () =>
        emitter.node("Expand", [emitter.constant(type, [value]), emitter.sizes(shape)]),
      ),
    once(key, make) {
      const name = made.get(key) ?? make();
      made.set(key, name);
      return name;
    },
    offer: (result, value, detail, name) => offers.set(keyOf(result, value, detail), name),
    byProduct: (result, value, detail) => offers.get(keyOf(result, value, detail))?.() ?? null,
    extraOutput(output, index) {
      const { outputs } = nodes.find((node) => node.outputs[0] === output)!;
      while (outputs.length <= index) outputs.push("");
      return (outputs[index] ||= `${output}_${index}`);
    },
  };

  /** A named size, or a sum of such and a number. */
  const sizeOf = (name: string): string => {
    const known = sizeNames.get(name);
    if (known) return known;
    const { names: named, more } = termsOf(name);
    let made = emitter.constant("int64", [more], [1]);
    for (const [term, times] of named)
      for (let i = 0; i < Math.abs(times); i++)
        made = emitter.node(times > 0 ? "Add" : "Sub", [made, sizeNames.get(term)!]);
    sizeNames.set(name, made);
    return made;
  };

  /** Gives a value its name; an input's named sizes become known here. */
  const bind = (value: Value, name: string) => {
    names.set(value, name);
    if (value.op === "input") value.shape.forEach((size, axis) => emitter.measured(size, name, axis));
  };
  return {
    emitter,
    bind,
    nodes,
    constants: () => [...constants.values()],
  };
}

const encode: { readonly [T in ValueType]: (values: readonly number[]) => Uint8Array } = {
  float32: (values) => new Uint8Array(Float32Array.from(values).buffer),
  int64: (values) => new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer),
  bool: (values) => Uint8Array.from(values),
  int8: (values) => new Uint8Array(Int8Array.from(values).buffer),
  uint8: (values) => Uint8Array.from(values),
};
