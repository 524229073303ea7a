/**
 * Seeded random streams: the same seed and name give the same numbers on every machine, normal ones to the last digit of the
 * engine's log, sine and cosine.
 */

/** A stream of random numbers (xoshiro128**, Blackman & Vigna 2018). */
export interface Random {
  /** Uniform on [0, 1), with 32 random bits. */
  uniform(): number;
  /** Normal with mean 0 and variance 1 (Box & Muller 1958). */
  normal(): number;
  /** Uniform on the whole numbers 0 … `bound` − 1. */
  integer(bound: number): number;
  /** The numbers 0 … `n` − 1 in random order (Fisher & Yates). */
  permutation(n: number): Int32Array;
}

/**
 * The stream `name` of `seed`. Streams of different names are independent, so that drawing more from one (the head's
 * initialisation, say) does not change another (the order of the data).
 */
export function random(seed: number, name = ""): Random {
  const next = xoshiro128(seedWords(seed, name));
  const uniform = () => next() / 2 ** 32;
  let spare: number | null = null;
  const normal = () => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  const integer = (bound: number) => Math.floor(uniform() * bound);
  const permutation = (n: number) => {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  };
  return { uniform, normal, integer, permutation };
}

function xoshiro128(next: () => number): () => number {
  let [a, b, c, d] = [next(), next(), next(), next()];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

/**
 * Words from a seed and a name: FNV-1a over the name, then SplitMix32, whose words in a row are never all zero, the one
 * state that xoshiro may not begin in.
 */
function seedWords(seed: number, name: string): () => number {
  let hash = 0x811c9dc5 ^ seed;
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  const high = Math.floor(seed / 2 ** 32);
  let state = (hash + Math.imul(high, 0x9e3779b9)) >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
