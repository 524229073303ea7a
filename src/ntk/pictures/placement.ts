/** Where names stand that would overlap at the places they belong to. */

/** Places at least `gap` apart between `top` and `bottom`, in the order of those that are wished for, and near them. */
export function spreadOut(wished: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = [...wished.keys()].sort((a, b) => wished[a]! - wished[b]! || a - b);
  const places = [...wished];
  let free = top;
  for (const k of order) {
    places[k] = Math.max(places[k]!, free);
    free = places[k]! + gap;
  }
  let limit = bottom;
  for (const k of order.toReversed()) {
    places[k] = Math.min(places[k]!, limit);
    limit = places[k]! - gap;
  }
  return places;
}
