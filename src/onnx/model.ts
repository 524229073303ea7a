/** A graph as the bytes of an ONNX model. */
import type { Primitive } from "../graph/primitive.ts";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { type Constant, createEmitter, type ModelWeights } from "./emitter.ts";
import { lower, lowerings } from "./lower/index.ts";
import { type QuantizedWeights, quantizedLowerings } from "./lower/quantized.ts";
import { standard } from "./lower/standard.ts";
import * as proto from "./proto.ts";
import { inStandardOperators } from "./standard.ts";

/** IR version 10 and opset 21: the newest whose every operator used here ONNX Runtime 1.30 runs in its own kernels. */
const IR_VERSION = 10;
const OPSETS: Readonly<Record<string, number>> = { "": 21, "com.microsoft": 1 };

/**
 * The ONNX model that computes `outputs`, under their names. Inputs keep their names and named dimensions.
 *
 * ONNX Runtime orders nodes by a depth-first walk that takes the latest node first; nodes are therefore written last to first,
 * so that it runs them in the order of the graph, each gradient as soon as it can be had and its operands freed after it.
 * @param mapped inputs that are constants whose bytes lie in files
 */
export function onnxModel(
  outputs: Readonly<Record<string, Value>>,
  mapped: ReadonlyMap<string, proto.External> = new Map(),
): Uint8Array {
  const written = lowerAll(outputs, {}, lowerings);
  return proto.concat(modelOf({ ...written, nodes: written.nodes.toReversed() }, mapped));
}

/**
 * The ONNX model that computes `outputs` by itself, for other programs to load: inputs named in `weights` are constants of it, it
 * is made of ONNX's own operators alone, and its nodes stand in the order that the standard asks for. The result is pieces to be
 * put one after another, among them the memory of the weights itself.
 * @param quantized weights of linear layers and of embeddings that are kept as 8-bit integers
 * @throws Error in one line when the model has 2 GiB or more.
 */
export function standaloneModel(
  outputs: Readonly<Record<string, Value>>,
  weights: ModelWeights,
  quantized?: QuantizedWeights,
): Uint8Array[] {
  const table = { ...lowerings, ...standard, ...(quantized && quantizedLowerings(quantized)) };
  return modelOf(givenDirectly(lowerAll(inStandardOperators(outputs), weights, table)));
}

/** A graph in ONNX's words. */
interface Lowered {
  readonly nodes: readonly proto.Node[];
  readonly constants: readonly Constant[];
  readonly inputs: readonly Value<"input">[];
  readonly outputs: Readonly<Record<string, Value>>;
}

function lowerAll(outputs: Readonly<Record<string, Value>>, weights: ModelWeights, table: typeof lowerings): Lowered {
  const { emitter, bind, ...collected } = createEmitter(weights);
  const order = topological(Object.values(outputs));
  const inputs = order.filter((value) => isOp(value, "input"));
  const fed = inputs.filter((value) => emitter.weight(value) === null);
  for (const value of inputs) bind(value, value.attrs.name);
  for (const value of order)
    if (!isOp(value, "input")) bind(value, lower(value as Value<Exclude<Primitive, "input">>, emitter, table));
  const named = Object.entries(outputs).map(([name, value]) => ({
    op: "Identity",
    domain: "",
    inputs: [emitter.name(value)],
    outputs: [name],
    attributes: {},
  }));
  return { nodes: [...collected.nodes, ...named], constants: collected.constants(), inputs: fed, outputs };
}

/** The same, each output named by the node that computes it: ONNX Runtime copies at every run what an Identity gives that others read. */
function givenDirectly({ nodes, ...rest }: Lowered): Lowered {
  const made = new Set(nodes.flatMap(({ op, outputs }) => (op === "Identity" ? [] : outputs)));
  const renamed = new Map<string, string>();
  const left = nodes.filter(({ op, inputs: [read], outputs: [name] }) => {
    if (op !== "Identity" || !Object.hasOwn(rest.outputs, name!) || !made.has(read!) || renamed.has(read!)) return true;
    renamed.set(read!, name!);
    return false;
  });
  const called = (names: readonly string[]) => names.map((name) => renamed.get(name) ?? name);
  return {
    ...rest,
    nodes: left.map((node) => ({ ...node, inputs: called(node.inputs), outputs: called(node.outputs) })),
  };
}

function modelOf(
  { nodes, constants, inputs, outputs }: Lowered,
  mapped: ReadonlyMap<string, proto.External> = new Map(),
): Uint8Array[] {
  const domains = new Set(["", ...nodes.map(({ domain }) => domain)]);
  return proto.model(
    [
      ...nodes.map(proto.node),
      ...constants.flatMap(({ name, type, shape, data }) => proto.initializer(name, type, shape, data)),
      ...inputs.map(({ attrs: { name, type, shape } }) => {
        const region = mapped.get(name);
        return region
          ? proto.externalInitializer(name, type, shape as readonly number[], region)
          : proto.graphInput(name, type, shape);
      }),
      ...Object.entries(outputs).map(([name, { type, shape }]) => proto.graphOutput(name, type, shape)),
    ],
    IR_VERSION,
    Object.fromEntries([...domains].map((domain) => [domain, OPSETS[domain]!])),
  );
}
