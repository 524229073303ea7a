/** Arithmetic of sizes of which some are only known by name: a sum of names and a number is a name too (`past+sequence+20`). */
import type { Dim } from "./primitive.ts";

/** How often each name is counted in a size, and how much more it is: `past+sequence+20`. */
export interface Sum {
  readonly names: ReadonlyMap<string, number>;
  readonly more: number;
}

/** A size taken apart. */
export function termsOf(dim: Dim): Sum {
  if (typeof dim === "number") return { names: new Map(), more: dim };
  const names = new Map<string, number>();
  let more = 0;
  for (const [, sign, term] of dim.matchAll(/([+-]?)([^+-]+)/g)) {
    const times = sign === "-" ? -1 : 1;
    if (/^\d+$/.test(term!)) more += times * Number(term);
    else names.set(term!, (names.get(term!) ?? 0) + times);
  }
  return { names, more };
}

/** a + b */
export const plus = (a: Dim, b: Dim): Dim => sum(a, b, 1);
/** a − b */
export const minus = (a: Dim, b: Dim): Dim => sum(a, b, -1);

function sum(a: Dim, b: Dim, sign: 1 | -1): Dim {
  const [first, second] = [termsOf(a), termsOf(b)];
  const names = new Map(first.names);
  for (const [name, times] of second.names) names.set(name, (names.get(name) ?? 0) + sign * times);
  return spelled({ names, more: first.more + sign * second.more });
}

/** Equal sums are spelled alike: names by their letters, then the number. */
function spelled({ names, more }: Sum): Dim {
  const terms = [...names].flatMap(([name, times]) =>
    Array<string>(Math.abs(times)).fill(`${times < 0 ? "-" : "+"}${name}`),
  );
  if (terms.length === 0) return more;
  const positiveFirst = terms.toSorted((a, b) => (a[0] === b[0] ? (a < b ? -1 : 1) : a[0] === "+" ? -1 : 1));
  const number = more === 0 ? "" : `${more > 0 ? "+" : ""}${more}`;
  return `${positiveFirst.join("")}${number}`.replace(/^\+/, "");
}

/** The number that `dim` is, given the sizes of the names. @throws Error naming a size that is not given. */
export function sizeOfDim(dim: Dim, sizes: Readonly<Record<string, number>>): number {
  const { names, more } = termsOf(dim);
  return [...names].reduce((total, [name, times]) => {
    const size = sizes[name];
    if (size === undefined) throw new Error(`sizes: ${name} is not given (given ${Object.keys(sizes).join(", ")})`);
    return total + times * size;
  }, more);
}
