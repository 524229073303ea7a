/** What prompts and prefixes share: tokens or keys of the method's own, in front of those of every text. */
import * as z from "zod";
import { concat, expand, fill, linear, type Scalar, slice, take } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { ParameterSpec, ParameterTable } from "../nn/parameters.ts";
import { type Part, withAdded } from "./attachment.ts";
import type { AddedTensor } from "./method.ts";
import { linearModules } from "./targets.ts";

export const virtualTokensOption = (fallback: number): z.ZodType<number> =>
  z.int().positive().default(fallback).describe("how many virtual tokens stand in front of every text");

/** x with `n` slices in front of it along `axis`, filled with `value`, a number or what broadcasts to them. */
export function filledInFront(x: Value, axis: number, n: number, value: Scalar): Value {
  const slices = slicesLike(x, axis, n);
  return concat(typeof value === "number" ? fill(value, slices) : expand(value, slices), x, axis);
}

/** x [batch, sequence, width] with the same `rows` [n, width] in front of each sequence. */
export function rowsInFront(rows: Value, x: Value): Value {
  return concat(expand(rows, slicesLike(x, 1, Number(rows.shape[0]))), x, 1);
}

/** A value with the shape of `n` slices of x along `axis`. */
const slicesLike = (x: Value, axis: number, n: number) => take(x, axis, Array<number>(n).fill(0));

/** The table of word embeddings [vocabulary, width]: of the embeddings the one with the most rows. */
export function wordEmbeddings(specs: readonly ParameterSpec[]): ParameterSpec {
  const embeddings = specs.filter(({ role, head }) => role === "embedding" && !head);
  return embeddings.reduce((a, b) => (b.shape[0]! > a.shape[0]! ? b : a));
}

/**
 * `n` virtual tokens, whose word embeddings [n, width] are what `prompt` makes of the table. The model reads tokens in their
 * place and knows no difference: they have positions and are seen by every token, and texts have so many positions fewer. A
 * classifier that reads the first token reads the first of them, as with peft. Of an encoder-decoder the encoder reads them.
 */
export function softPrompt(
  specs: readonly ParameterSpec[],
  n: number,
  added: readonly AddedTensor[],
  prompt: (table: ParameterTable) => Value,
): Part {
  return withAdded(added, {
    untouched: linearModules(specs).map(({ name }) => name),
    virtualTokens: n,
    positions: n,
    inputs: (inputs, word) => {
      const first: Record<string, number> = { input_ids: word, attention_mask: 1 };
      return Object.fromEntries(
        Object.entries(inputs).map(([name, ids]): [string, Value] => [
          name,
          name.startsWith("decoder_") ? ids : filledInFront(ids, 1, n, first[name] ?? 0),
        ]),
      );
    },
    sites: (table) => ({ words: (embedded) => rowsInFront(prompt(table), slice(embedded, 1, n)) }),
  });
}

/** A parameter of a prompt's or prefix's own. */
export function promptTensor(
  name: string,
  shape: readonly number[],
  role: AddedTensor["role"],
  initializer: AddedTensor["initializer"],
): AddedTensor {
  return { name, of: null, shape, role, block: null, head: false, trained: true, initializer };
}

/** Weight and bias of a linear layer [out, in] of a network that gives a prompt or prefix, begun as PyTorch begins them. */
export function encoderLayer(name: string, out: number, inner: number): AddedTensor[] {
  const initializer = { uniform: 1 / Math.sqrt(inner) };
  return [
    promptTensor(`${name}.weight`, [out, inner], "linear", initializer),
    promptTensor(`${name}.bias`, [out], "bias", initializer),
  ];
}

/** x [*, in] through the layer of that name, [*, out]. */
export function throughLayer(table: ParameterTable, name: string, x: Value): Value {
  return linear(x, table.get(`${name}.weight`)!, table.get(`${name}.bias`)!);
}
