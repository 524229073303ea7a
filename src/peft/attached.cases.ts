/** Methods attached to real sizes and to fixtures, and what those then compute, in float64. */
import { mergeHeads } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { inTurn, type KeysAndValues, type Sites } from "../nn/sites.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import { random } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { forward, reparameterizedTable } from "../train/forward.ts";
import type { Attachment } from "./method.ts";
import { type MethodName, methodOf, type MethodOptions, methodOptions } from "./registry.ts";

/** A method's choice among `specs`, under options of which those left out have their defaults. */
export function attachTo<M extends MethodName>(
  specs: readonly ParameterSpec[],
  name: M,
  options: Partial<MethodOptions[M]> = {},
  seed = 0,
): Attachment {
  const method = methodOf(name);
  return method.attach(specs, methodOptions(method, { ...options }), random(seed, "selection"));
}

export interface Reading {
  readonly causal?: boolean;
  /** What steps in beside the method. */
  readonly sites?: Sites;
}

const asArray = ({ shape, data }: Tensor) => array64(shape, Array.from(data, Number));

/** What `output` makes of the hidden states of texts, given as tokens and padded to the longest, flat in float64. */
function read(
  adapted: AdaptedModel,
  texts: readonly (readonly number[])[],
  { causal = false, sites = {} }: Reading,
  outputs: (pass: { readonly hidden: Value; readonly logits: Value }) => readonly Value[],
): Float64Array[] {
  const { attachment, model } = adapted;
  const own = attachment.sites;
  const observed = {
    ...attachment,
    sites: (...of: Parameters<NonNullable<typeof own>>) => inTurn(own?.(...of) ?? {}, sites),
  };
  const pass = forward({ ...adapted, attachment: observed }, reparameterizedTable(adapted), { training: false });
  const hidden = pass.hidden({ causal });
  const length = Math.max(...texts.map((tokens) => tokens.length));
  const batch = (of: (tokens: readonly number[], at: number) => number) =>
    array64(
      [texts.length, length],
      texts.flatMap((tokens) => Array.from({ length }, (_, at) => of(tokens, at))),
    );
  const feeds = Object.fromEntries(Object.entries(adapted.feeds).map(([name, value]) => [name, asArray(value)]));
  return interpret(outputs({ hidden, logits: pass.head(hidden) }), {
    ...feeds,
    input_ids: batch((tokens, at) => tokens[at] ?? model.paddingIndex),
    attention_mask: batch((tokens, at) => Number(at < tokens.length)),
    token_type_ids: batch(() => 0),
  }).map(({ data }) => Float64Array.from(data));
}

/** Hidden states of each text, a row [width] for each of its tokens, those of virtual tokens first. */
export function hiddenStates(
  adapted: AdaptedModel,
  texts: readonly (readonly number[])[],
  reading: Reading = {},
): number[][][] {
  const [states] = read(adapted, texts, reading, ({ hidden }) => [hidden]);
  const before = adapted.attachment.virtualTokens;
  const longest = before + Math.max(...texts.map((tokens) => tokens.length));
  const width = states!.length / longest / texts.length;
  return texts.map((tokens, text) =>
    Array.from({ length: before + tokens.length }, (_, at) => {
      const start = (text * longest + at) * width;
      return [...states!.subarray(start, start + width)];
    }),
  );
}

/** The classifier's output for each text, flat. */
export function logitsOf(adapted: AdaptedModel, texts: readonly (readonly number[])[]): number[] {
  return [...read(adapted, texts, {}, ({ logits }) => [logits])[0]!];
}

/** The first part of what every attention reads of keys and values in one text: by module, a row for each token. */
export function keysAndValues(
  adapted: AdaptedModel,
  text: readonly number[],
  reading: Reading = {},
): { readonly module: string; readonly key: Float64Array; readonly value: Float64Array }[] {
  const seen: { module: string; key: Value; value: Value }[] = [];
  const sites: Sites = {
    attention(site) {
      const [{ key, value }] = site.parts as [KeysAndValues];
      seen.push({ module: site.module, key: mergeHeads(key), value: mergeHeads(value) });
      return site;
    },
  };
  const arrays = read(adapted, [text], { ...reading, sites }, () => seen.flatMap(({ key, value }) => [key, value]));
  return seen.map(({ module }, i) => ({ module, key: arrays[2 * i]!, value: arrays[2 * i + 1]! }));
}
