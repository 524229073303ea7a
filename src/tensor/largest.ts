/** The largest of many numbers, found by radix selection: two passes over their bits, without sorting or copying them. */

/** Where the `count` largest numbers stand, in rising order; of equal ones the first count. */
export function largest(values: Float32Array, count: number): Int32Array {
  return largestOf([values], count)[0]!;
}

/** The same of all numbers of several arrays together: their places in each array. */
export function largestOf(arrays: readonly Float32Array[], count: number): Int32Array[] {
  return places(arrays, count, true);
}

/** Where the `count` smallest numbers stand, in rising order; of equal ones the last count, so that no place is among both. */
export function smallest(values: Float32Array, count: number): Int32Array {
  return places([values], values.length - count, false)[0]!;
}

/** The places of the `count` largest, or of all the others. */
function places(arrays: readonly Float32Array[], count: number, isWanted: boolean): Int32Array[] {
  const { least, equal } = boundary(arrays, count);
  let left = equal;
  return arrays.map((values) => {
    const bits = bitsOf(values);
    const found: number[] = [];
    for (let i = 0; i < bits.length; i++) {
      const key = keyOf(bits[i]!);
      if ((key > least || (key === least && left-- > 0)) === isWanted) found.push(i);
    }
    return Int32Array.from(found);
  });
}

/** The key of the last of the `count` largest, and how many of those that equal it are among them. */
function boundary(arrays: readonly Float32Array[], count: number): { readonly least: number; readonly equal: number } {
  const high = countHalves(arrays, (key) => key >>> 16);
  const upper = descend(high, count);
  const low = countHalves(arrays, (key) => (key >>> 16 === upper.half ? key & 0xffff : NONE));
  const lower = descend(low, upper.left);
  return { least: upper.half * 0x10000 + lower.half, equal: lower.left };
}

/** What has no half to count. */
const NONE = 0x10000;

/** How many keys have each half. */
function countHalves(arrays: readonly Float32Array[], half: (key: number) => number): Uint32Array {
  const counts = new Uint32Array(NONE + 1);
  for (const values of arrays) {
    const bits = bitsOf(values);
    for (let i = 0; i < bits.length; i++) counts[half(keyOf(bits[i]!))]!++;
  }
  return counts;
}

/** From the top down, the half in which the `count`-th key lies, and how many of those with that half are still wanted. */
function descend(counts: Uint32Array, count: number): { readonly half: number; readonly left: number } {
  let half = NONE - 1;
  let left = count;
  while (half > 0 && left > counts[half]!) left -= counts[half--]!;
  return { half, left };
}

const bitsOf = ({ buffer, byteOffset, length }: Float32Array) => new Uint32Array(buffer, byteOffset, length);

const SIGN = 0x80000000;

/** A whole number that is larger the larger the float with these bits is; both zeros have the same. */
function keyOf(bits: number): number {
  if (bits === SIGN) return SIGN;
  return (bits & SIGN ? ~bits : bits | SIGN) >>> 0;
}
