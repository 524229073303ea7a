/** The type of the lowering tables. */
import type { Primitive } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import type { Emitter, NodeOptions } from "../emitter.ts";

/** Writes the nodes of `value`, whose operands are lowered already, and returns the name of the result. */
export type Lowering<P extends Primitive> = (value: Value<P>, emit: Emitter) => string;
export type Lowerings<P extends Primitive> = { readonly [K in P]: Lowering<K> };

/** The lowering of a primitive that is one ONNX operator over the same operands. */
export function operator(op: string, options?: NodeOptions): Lowering<Primitive> {
  return (value, emit) =>
    emit.node(
      op,
      (value.operands as readonly Value[]).map((x) => emit.name(x)),
      options,
    );
}
