/** Texts that a model has read so far, one in each row, and reading on from them. */
import type { Program, Tensors } from "../runtime/runtime.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { KeyValueCache } from "./cache.ts";
import { LAST } from "./graphs.ts";
import type { Continuation } from "./search.ts";

export interface Reading {
  /** The logits [vocabulary] of the token that follows in a row. */
  logits(row: number): Float32Array;
  /** Reads on: each continuation is a row, which goes on from the row there was. */
  next(rows: readonly Continuation[]): Promise<void>;
}

/** What a row has read. */
export interface Row {
  /** Which of the texts it goes on from. */
  readonly text: number;
  /** The positions, from the first on to before the second, that hold padding. */
  readonly padding: readonly [start: number, end: number];
}

export interface ReadingOptions {
  readonly program: Program;
  /** The model's weights. */
  readonly feeds: Tensors;
  readonly cache: KeyValueCache;
  readonly rows: readonly Row[];
  /** What the program calls the tokens, their mask and their positions. */
  readonly inputs: { readonly ids: string; readonly mask: string; readonly positions: string };
  /** What the rows are fed beside, by the texts that they go on from; the same object for the same texts. */
  readonly beside?: (texts: readonly number[]) => Tensors;
  /** The logits [rows, vocabulary] of the token that follows, where a token was read already. */
  readonly logits?: Tensor;
}

export function reading({ program, feeds, cache, inputs, beside, ...begun }: ReadingOptions): Reading {
  let { rows, logits } = begun;

  /** Zeros for slots of the cache that are not filled and for padding, ones for tokens and for the one that is read. */
  const mask = (): Tensor<"int64"> => {
    const capacity = cache.capacity();
    const first = capacity - cache.filled();
    return integers(
      rows.map(({ padding: [start, end] }) =>
        new Uint8Array(capacity + 1).fill(1, first).fill(0, first + start, first + end),
      ),
    );
  };
  const positions = () => rows.map(({ padding: [start, end] }) => [cache.filled() - (end - start)]);

  return {
    logits(row) {
      const vocabulary = logits!.shape[1]!;
      return (logits!.data as Float32Array).subarray(row * vocabulary, (row + 1) * vocabulary);
    },
    async next(continued) {
      rows = continued.map(({ from }) => rows[from]!);
      cache.choose(Int32Array.from(continued, ({ from }) => from));
      const outputs = await program.run({
        ...feeds,
        ...cache.feeds(),
        ...beside?.(rows.map(({ text }) => text)),
        [inputs.ids]: integers(continued.map(({ token }) => [token])),
        [inputs.mask]: mask(),
        [inputs.positions]: integers(positions()),
        [LAST]: lastOf(rows.length, 1),
      });
      cache.append(outputs);
      logits = outputs["logits"]!;
    },
  };
}

/** Rows of whole numbers from 0, all of one length, as a matrix. */
export function integers(rows: readonly ArrayLike<number>[]): Tensor<"int64"> {
  const width = rows[0]!.length;
  const data = new BigInt64Array(rows.length * width);
  const words = new Int32Array(data.buffer);
  rows.forEach((row, r) => {
    for (let i = 0; i < width; i++) words[2 * (r * width + i)] = row[i]!;
  });
  return tensor("int64", [rows.length, width], data);
}

/** Of `rows` texts of `length` positions each the last position, numbered through all of them. */
export function lastOf(rows: number, length: number): Tensor<"int64"> {
  return tensor(
    "int64",
    [rows],
    BigInt64Array.from({ length: rows }, (_, row) => BigInt((row + 1) * length - 1)),
  );
}
