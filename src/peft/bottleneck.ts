/** What the adapters share: A(x) = W_up·σ(W_down·x + b_down) + b_up, W_down [m, d] and W_up [d, m], put beside or behind sublayers. */
import * as z from "zod";
import { linear } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Initializer, ParameterSpec, ParameterTable } from "../nn/parameters.ts";
import type { SublayerSite } from "../nn/sites.ts";
import { type Part, withAdded } from "./attachment.ts";
import type { AddedTensor } from "./method.ts";
import { type LinearModule, type Place, placeOf, type TargetOptions, targetsOf } from "./targets.ts";

/** The ends of sublayers, where adapters can be. */
const ends: readonly Place[] = ["attention-output", "feed-forward-out"];

export const unmergeable = "its adapters have a nonlinearity inside, which no weight of the model has";

/** An adapter in the graph. */
export interface Adapter {
  /** A: x [*, d] ↦ [*, d]. */
  apply(x: Value): Value;
  /** A tensor of its own beside the two layers. */
  own(name: string): Value;
}

/** How a method makes adapters. */
export interface AdapterDesign {
  /** Behind which modules, unless the options name them. */
  readonly places: readonly Place[];
  /** m, given d. @throws Error in one line when it is none. */
  size(width: number): number;
  readonly activation: (x: Value) => Value;
  /** How the two weights begin; biases begin at zero. */
  readonly begins: { readonly down: (width: number) => Initializer; readonly up: Initializer };
  /** Tensors beside the two layers, to be named after the adapter. */
  readonly own?: readonly Pick<AddedTensor, "name" | "shape" | "role" | "initializer" | "optimization">[];
  /** What is added to the residual stream in place of the sublayer's output. */
  output(site: SublayerSite, adapter: Adapter): Value;
}

export const bottleneckOption = (fallback: number): z.ZodType<number> =>
  z.int().positive().default(fallback).describe("m, the width inside each adapter");

/**
 * An adapter at the end of each sublayer that the options choose.
 * @throws Error in one line when a module is named that ends no sublayer.
 */
export function adapters(specs: readonly ParameterSpec[], options: TargetOptions, design: AdapterDesign): Part {
  const { modules, choice } = targetsOf(specs, options, design.places);
  const inside = modules.find((module) => !ends.includes(placeOf(module)!));
  if (inside)
    throw new Error(
      `target_modules: ${inside.name} is inside a sublayer, expected modules that end one, as adapters do`,
    );
  const adapted = new Set(modules.map(({ name }) => name));
  return withAdded(
    modules.flatMap((module) => tensorsOf(module, design)),
    {
      ...choice,
      sites: (table) => ({
        sublayer: (site) =>
          adapted.has(site.module) ? design.output(site, adapterAt(site.module, design, table)) : site.output,
      }),
    },
  );
}

/** What an adapter's tensors are named after: the sublayer's name, where its last module is just its `dense`. */
const sublayerOf = (module: string) => module.replace(/\.dense$/, "");

function tensorsOf({ name: module, weight }: LinearModule, design: AdapterDesign): AddedTensor[] {
  const width = weight.shape[0]!;
  const size = design.size(width);
  const { down, up } = design.begins;
  const parts: NonNullable<AdapterDesign["own"]> = [
    { name: "adapter_down.weight", shape: [size, width], role: "linear", initializer: down(width) },
    { name: "adapter_down.bias", shape: [size], role: "bias", initializer: "zeros" },
    { name: "adapter_up.weight", shape: [width, size], role: "linear", initializer: up },
    { name: "adapter_up.bias", shape: [width], role: "bias", initializer: "zeros" },
    ...(design.own ?? []),
  ];
  const place = { of: weight.name, block: weight.block, head: false, trained: true };
  return parts.map((part) => ({ ...place, ...part, name: `${sublayerOf(module)}.${part.name}` }));
}

function adapterAt(module: string, { activation }: AdapterDesign, table: ParameterTable): Adapter {
  const own = (name: string) => table.get(`${sublayerOf(module)}.${name}`)!;
  const layer = (x: Value, name: string) => linear(x, own(`${name}.weight`), own(`${name}.bias`));
  return { own, apply: (x) => layer(activation(layer(x, "adapter_down")), "adapter_up") };
}
