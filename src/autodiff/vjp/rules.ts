/** The type of the pullback tables. */
import type { Operands, Primitive } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";

type PerOperand<O extends readonly Value[]> = { [I in keyof O]: Value | null };

/** From the cotangent of `y`, a cotangent for each operand of `y`; null where none flows. */
export type Pullback<P extends Primitive> = (dy: Value, y: Value<P>) => PerOperand<Operands<P>>;
export type Pullbacks<P extends Primitive> = { readonly [K in P]: Pullback<K> };
