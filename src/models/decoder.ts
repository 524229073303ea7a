/** What decoders share (Radford et al. 2018): positions counted by the mask, and pre-norm blocks. */
import { add, cumsum, mul, sub } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Scope } from "../nn/parameters.ts";
import type { SublayerSite } from "../nn/sites.ts";
import type { ModelInputs } from "./architecture.ts";

/** The position of each token [batch, sequence]: given, or how many real ones stand before it; 0 at padding. */
export function tokenPositions({ sites }: Scope, { position_ids: given, attention_mask: mask }: ModelInputs): Value {
  return sites.positions(given ?? mul(sub(cumsum(mask, 1), 1), mask));
}

/**
 * Hidden states [batch, sequence, width] through `n` blocks, whose scopes are `layers.0`, `layers.1`, ….
 * @param through what one of them, given its number, makes of hidden states
 */
export function decoderBlocks(
  layers: Scope,
  n: number,
  hidden: Value,
  through: (block: Scope, hidden: Value, layer: number) => Value,
): Value {
  let states = hidden;
  for (let layer = 0; layer < n; layer++)
    states = through(layers.in(String(layer), { block: layer }), layers.sites.block(states), layer);
  return states;
}

/** residual + output, what the sublayer that `module` ends makes of its normed `input`. */
export function addSublayer(
  { name, sites }: Scope,
  sublayer: Pick<SublayerSite, "kind" | "input" | "output" | "residual">,
): Value {
  return add(sites.sublayer({ module: name, ...sublayer, norm: null }), sublayer.residual);
}
