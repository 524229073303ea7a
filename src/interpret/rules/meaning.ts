/** The type of the tables of meanings. */
import type { Primitive } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import type { Array64 } from "../array.ts";

/** What `value` comes to, from what its operands came to. */
export type Meaning<P extends Primitive> = (operands: readonly Array64[], value: Value<P>) => Array64;
export type Meanings<P extends Primitive> = { readonly [K in P]: Meaning<K> };
