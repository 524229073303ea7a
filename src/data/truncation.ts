/** How many tokens of each text stay when a sequence is too long. */

/** Which text loses tokens: the longer one until both are equal, then both; or only one of the two. */
export type Truncation = "longest_first" | "only_first" | "only_second";

/**
 * The number of tokens to keep of each of one or two texts of `lengths` tokens, so that their sum is at most `room`.
 * Equal to what Hugging Face's Rust tokenizers keep; their older Python tokenizers round an odd `room` the other way.
 * @throws Error when the one text that may be cut would have nothing left, unless there is no room at all.
 */
export function keptLengths(lengths: readonly number[], room: number, truncation: Truncation): number[] {
  const excess = sum(lengths) - room;
  if (excess <= 0) return [...lengths];
  if (room === 0) return lengths.map(() => 0);
  if (truncation === "longest_first") return lengths.length === 2 ? longestFirst(lengths, room) : [room];
  const cut = truncation === "only_first" ? 0 : 1;
  const length = lengths[cut];
  if (length === undefined) throw new Error(`truncation: ${truncation} of a single text, expected a pair`);
  if (length <= excess) {
    throw new Error(
      `truncation: ${truncation} must remove ${excess} tokens of a text of ${length}, expected one to stay`,
    );
  }
  return lengths.map((kept, i) => (i === cut ? kept - excess : kept));
}

function longestFirst(lengths: readonly number[], room: number): number[] {
  const [a, b] = lengths as [number, number];
  const shorter = Math.min(a, b);
  const longer = Math.max(shorter, room - shorter);
  const kept = shorter + longer > room ? [Math.floor(room / 2), Math.ceil(room / 2)] : [shorter, longer];
  return a <= b ? kept : kept.reverse();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
