/** A measure of how well texts agree with those that are accepted for each item. */
export interface TextMetric {
  readonly name: string;
  /** The reference implementation whose numbers it gives, with its version. */
  readonly reference: string;
  /**
   * The scores by name, over all items.
   * @param references every accepted text of each item
   * @throws Error when there are no items, or not as many predictions as items
   */
  compute(references: readonly (readonly string[])[], predictions: readonly string[]): Readonly<Record<string, number>>;
}

/** The number of items, once `references` and `predictions` are known to be as many and not none. */
export function countItems(
  name: string,
  references: readonly (readonly string[])[],
  predictions: readonly string[],
): number {
  if (references.length !== predictions.length) {
    throw new Error(`${name}: ${predictions.length} predictions for ${references.length} items, expected one for each`);
  }
  if (references.length === 0) throw new Error(`${name}: no items, expected at least one`);
  return references.length;
}
