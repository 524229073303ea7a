/** No end before a length. */
import type { LogitsProcessor } from "../processor.ts";

/** None of `ends` follows on fewer than `length` tokens. */
export function minimumLength(length: number, ends: readonly number[]): LogitsProcessor {
  return (scores, ids) => {
    if (ids.length < length) for (const end of ends) scores[end] = -Infinity;
  };
}
