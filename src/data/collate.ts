/** Encodings of different lengths as the tensors a model takes. */
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import type { Encoding } from "./tokenizer.ts";

/** What a model takes, by the names that checkpoints use; all but `labels` are [batch, sequence], `labels` is [batch]. */
export interface Batch {
  readonly input_ids: Tensor<"int64">;
  /** 1 for a token, 0 for padding. */
  readonly attention_mask: Tensor<"int64">;
  readonly token_type_ids: Tensor<"int64">;
  readonly labels?: Tensor<"int64"> | Tensor<"float32">;
}

/** Classes are whole numbers from 0, values are any numbers. */
export type LabelKind = "class" | "value";

export interface CollateOptions {
  readonly padTokenId: number;
  /** One for each encoding; left out where there is nothing to learn. */
  readonly labels?: ArrayLike<number>;
  /** `class` unless given. */
  readonly labelKind?: LabelKind;
}

/**
 * Puts `encodings` in the rows of a batch, padded at the right to the longest of them.
 * @throws Error when there are no encodings, not as many labels, or a class that is no whole number from 0.
 */
export function collate(encodings: readonly Encoding[], options: CollateOptions): Batch {
  const { padTokenId, labels, labelKind = "class" } = options;
  if (encodings.length === 0) throw new Error("collate: no encodings, expected at least one");
  if (labels && labels.length !== encodings.length) {
    throw new Error(`collate: ${labels.length} labels for ${encodings.length} encodings, expected one for each`);
  }
  const sequence = encodings.reduce((longest, { ids }) => Math.max(longest, ids.length), 0);
  const padded = (rows: readonly ArrayLike<number>[], padding: number) => paddedRows(rows, sequence, padding);
  return {
    input_ids: padded(
      encodings.map(({ ids }) => ids),
      padTokenId,
    ),
    attention_mask: padded(
      encodings.map(({ ids }) => new Uint8Array(ids.length).fill(1)),
      0,
    ),
    token_type_ids: padded(
      encodings.map(({ typeIds }) => typeIds),
      0,
    ),
    ...(labels && { labels: labelTensors[labelKind](labels) }),
  };
}

/**
 * Of rows that hold several examples: which of them each token belongs to, counted from 1, and its place in that example, counted
 * from 0; both are 0 for padding.
 */
export function collateSegments(
  encodings: readonly Encoding[],
): Readonly<Record<"segment_ids" | "position_ids", Tensor<"int64">>> {
  const width = encodings.reduce((longest, { ids }) => Math.max(longest, ids.length), 0);
  const rows = encodings.map(({ ids, segments }) => segments ?? new Int32Array(ids.length).fill(1));
  return {
    segment_ids: paddedRows(rows, width, 0),
    position_ids: paddedRows(
      rows.map((row) => row.map((segment, i) => i - row.indexOf(segment))),
      width,
      0,
    ),
  };
}

const labelTensors: {
  readonly [kind in LabelKind]: (labels: ArrayLike<number>) => Tensor<"int64"> | Tensor<"float32">;
} = {
  class: (labels) => {
    const result = zeros("int64", [labels.length]);
    const words = lowWords(result);
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i]!;
      if (!Number.isInteger(label) || label < 0)
        throw new Error(`collate: class ${label}, expected a whole number from 0`);
      words[2 * i] = label;
    }
    return result;
  },
  value: (labels) => tensor("float32", [labels.length], Float32Array.from(labels)),
};

/** [rows, width] of numbers from 0, with `padding` after each row. */
function paddedRows(rows: readonly ArrayLike<number>[], width: number, padding: number): Tensor<"int64"> {
  const result = zeros("int64", [rows.length, width]);
  const words = lowWords(result);
  rows.forEach((row, r) => {
    for (let i = 0; i < width; i++) words[2 * (r * width + i)] = i < row.length ? row[i]! : padding;
  });
  return result;
}

/** Each element's low half, at twice its index; the other half is 0 for numbers from 0. Far faster than a BigInt for each. */
function lowWords({ data }: Tensor<"int64">): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, data.length * 2);
}
