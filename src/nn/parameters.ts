/**
 * Named parameters. A forward pass asks its scope for each parameter by name and shape; one way of answering collects what is
 * asked (the declaration of the model), another gives the values of a table, which a fine-tuning method may have rewritten.
 */
import { input } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { formatShape, sameShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Sites, untouched } from "./sites.ts";

/** What a parameter is to its layer; fine-tuning methods choose by it. */
export type Role = "linear" | "embedding" | "norm" | "bias";

/**
 * How a parameter that no checkpoint gives begins: normal with this standard deviation, the same without what lies beyond two of
 * them, uniform between this number and its negative, all the same number, all ones, or all zeros.
 */
export type Initializer =
  | { readonly normal: number }
  | { readonly truncatedNormal: number }
  | { readonly uniform: number }
  | { readonly constant: number }
  | "ones"
  | "zeros";

/** Where in the model a parameter stands. */
export interface Place {
  /** Number of the transformer block it belongs to; null outside the blocks. */
  readonly block: number | null;
  /** Whether it belongs to the task's head rather than to the pretrained body. */
  readonly head: boolean;
}

/** A matrix of a linear layer that is several: the name of each, and which of the outputs are its. */
export type FusedParts = Readonly<Record<string, readonly number[]>>;

/** How a linear layer's weight [out, in] is laid out. */
export interface LinearLayout {
  /** Whether the checkpoint holds it as [in, out], as GPT-2's do. */
  readonly storedTransposed?: boolean;
  /** What it holds where query, key and value are one matrix. */
  readonly fused?: FusedParts;
}

export interface ParameterSpec extends Place, LinearLayout {
  /** The checkpoint's own name. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: Role;
  readonly initializer: Initializer;
  /** Whether it belongs to a head that was pretrained with the body, as a language model's. */
  readonly pretrainedHead?: boolean;
}

/** Weights by parameter name, float32, each in an array of its own. */
export type Weights = Readonly<Record<string, Tensor<"float32">>>;

/** How many numbers parameters have. */
export function numbersIn(specs: readonly Pick<ParameterSpec, "shape">[]): number {
  return specs.reduce((total, { shape }) => total + sizeOf(shape), 0);
}

/** The parameters' values by name, as the forward pass sees them. */
export type ParameterTable = ReadonlyMap<string, Value>;

export interface Scope {
  /** The module's name: what its parameters' names begin with, without the last dot. */
  readonly name: string;
  /** What steps into the forward pass. */
  readonly sites: Required<Sites>;
  /** The parameter `name` of this scope. */
  parameter(name: string, shape: readonly number[], role: Role, initializer: Initializer, layout?: LinearLayout): Value;
  /** The scope of a part: names below it begin with `name.`. */
  in(name: string, place?: Partial<Place>): Scope;
}

type Answer = (spec: ParameterSpec) => Value;

function scope(
  answer: Answer,
  sites: Required<Sites>,
  prefix = "",
  place: Place = { block: null, head: false },
): Scope {
  return {
    name: prefix.slice(0, -1),
    sites,
    parameter: (name, shape, role, initializer, layout) =>
      answer({ name: prefix + name, shape, role, initializer, ...place, ...layout }),
    in: (name, inner = {}) => scope(answer, sites, `${prefix}${name}.`, { ...place, ...inner }),
  };
}

/** The root scope over a table of values. Asking for a name that is not there, or in another shape, is an error. */
export function scopeOf(table: ParameterTable, sites: Sites = {}): Scope {
  return scope(
    ({ name, shape }) => {
      const value = table.get(name);
      if (!value) throw new Error(`parameters: no value named ${name}`);
      if (!sameShape(value.shape, shape))
        throw new Error(`parameters: ${name} is ${formatShape(value.shape)}, the model expects ${formatShape(shape)}`);
      return value;
    },
    { ...untouched, ...sites },
  );
}

/** Every parameter that `forward` asks for, in the order it asks; a shared (tied) parameter is listed once. */
export function declareParameters(forward: (scope: Scope) => unknown): ParameterSpec[] {
  const specs = new Map<string, ParameterSpec>();
  const answer: Answer = (spec) => {
    if (!specs.has(spec.name)) specs.set(spec.name, spec);
    return input(spec.name, spec.shape);
  };
  forward(scope(answer, untouched));
  return [...specs.values()];
}

/** A table in which every parameter is an input of the graph, fed under its own name. */
export function inputTable(specs: readonly ParameterSpec[]): Map<string, Value> {
  return new Map(specs.map(({ name, shape }) => [name, input(name, shape)]));
}
