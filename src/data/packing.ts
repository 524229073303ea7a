/** Several examples in one row, so that little of a batch is padding. */
import { askedOf } from "./asked.ts";
import type { EncodedDataset } from "./encode.ts";
import type { Encoding } from "./tokenizer.ts";

/**
 * Puts examples together in rows of at most `maxLength` tokens: the longest first, each into the fullest row that has room for it
 * (best-fit decreasing; Johnson 1974). `segments` tells them apart, and the first token of each is not asked for. Rows stand in
 * the order of their first examples; `lines` are those of these.
 */
export function pack(data: EncodedDataset, maxLength: number): EncodedDataset {
  const rows = fitted(data.lengths, maxLength);
  const encodings = rows.map((row) => joined(row.map((i) => data.encodings[i]!)));
  return {
    ...data,
    encodings,
    labels: new Float64Array(rows.length).fill(NaN),
    lines: Int32Array.from(rows, ([first]) => data.lines[first!]!),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
  };
}

/** The examples of each row, in the order of the data. */
function fitted(lengths: Int32Array, maxLength: number): number[][] {
  const order = [...lengths.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const rows: number[][] = [];
  const byRoom = Array.from({ length: maxLength + 1 }, (): number[][] => []);
  for (const example of order) {
    const length = lengths[example]!;
    let room = length;
    while (room < maxLength && byRoom[room]!.length === 0) room++;
    const row = byRoom[room]!.pop() ?? [];
    if (row.length === 0) rows.push(row);
    row.push(example);
    byRoom[room - length]!.push(row);
  }
  for (const row of rows) row.sort((a, b) => a - b);
  return rows.sort(([a], [b]) => a! - b!);
}

function joined(parts: readonly Encoding[]): Encoding {
  return {
    ids: Int32Array.from(parts.flatMap(({ ids }) => [...ids])),
    typeIds: Uint8Array.from(parts.flatMap(({ typeIds }) => [...typeIds])),
    removed: parts.reduce((sum, { removed }) => sum + removed, 0),
    asked: Uint8Array.from(parts.flatMap((part) => [...askedOf(part)])),
    segments: Int32Array.from(parts.flatMap(({ ids }, i) => Array<number>(ids.length).fill(i + 1))),
  };
}
