/** No run of tokens twice (Paulus et al. 2018, §2.5). */
import type { LogitsProcessor } from "../processor.ts";

/** No run of `n` tokens that was there before comes again. */
export function noRepeatNgram(n: number): LogitsProcessor {
  return (scores, ids) => {
    const begun = ids.length - (n - 1);
    for (let start = 0; start < begun; start++) {
      let same = 0;
      while (same < n - 1 && ids[start + same] === ids[begun + same]) same++;
      if (same === n - 1) scores[ids[start + same]!] = -Infinity;
    }
  };
}
