/** Which tokens carry loss where each is asked for from those before it. */
import type { Encoding } from "./tokenizer.ts";

/** One for each token of `encoding` that is asked for. The first of a sequence has none before it and never is. */
export function askedOf({ ids, asked }: Pick<Encoding, "ids" | "asked">): Uint8Array {
  const result = asked?.slice() ?? new Uint8Array(ids.length).fill(1);
  if (result.length > 0) result[0] = 0;
  return result;
}

/** How many tokens of `encoding` are asked for. */
export function askedCount(encoding: Pick<Encoding, "ids" | "asked">): number {
  return askedOf(encoding).reduce((count, one) => count + one, 0);
}
