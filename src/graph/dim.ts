/** Arithmetic of sizes of which some are only known by name: a sum of a name and a number is a name too (`sequence+20`). */
import type { Dim } from "./primitive.ts";

/** A named size taken apart: `sequence+20` is 20 more than `sequence`. */
export function partsOf(name: string): { base: string; more: number } {
  const [, base, more] = /^(.*?)([+-]\d+)?$/.exec(name)!;
  return { base: base!, more: Number(more ?? 0) };
}

/**
 * a + b, of which at most one is a name.
 * @throws Error when both are names, whose sum has none.
 */
export function plus(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (typeof a === "string" && typeof b === "string") throw new Error(`sizes: ${a} + ${b} has no name`);
  const [name, number] = typeof a === "string" ? [a, Number(b)] : [String(b), a];
  const { base, more } = partsOf(name);
  const sum = more + number;
  return sum === 0 ? base : `${base}${sum > 0 ? "+" : ""}${sum}`;
}

/** The number that `dim` is, given the sizes of the names. @throws Error naming a size that is not given. */
export function sizeOfDim(dim: Dim, sizes: Readonly<Record<string, number>>): number {
  if (typeof dim === "number") return dim;
  const { base, more } = partsOf(dim);
  const size = sizes[base];
  if (size === undefined) throw new Error(`sizes: ${base} is not given (given ${Object.keys(sizes).join(", ")})`);
  return size + more;
}
