/**
 * SentencePiece's table of character replacements, `precompiled_charsmap`: a trie over UTF-8 bytes as a double array
 * (Darts), whose leaves point into a text of replacements, each ended by a zero byte.
 */

const LONGEST_WHOLE = 6;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

const printable = /^[\x20-\x7e]*$/;

/** Some characters of a text and what stands in their place. */
export type Replacement = readonly [old: string, replacement: string];

/**
 * The function that replaces characters as the table says, in the way of the Rust tokenizers: of a cluster of less than
 * 6 bytes that begins with an entry all is replaced; else each of its characters that begins with one.
 * @param charsmap the table in base64
 * @throws Error when it is none.
 */
export function precompiled(charsmap: string): (text: string) => string {
  const parts = precompiledParts(charsmap);
  const replaced = (text: string): string => parts(text).reduce((whole, [, replacement]) => whole + replacement, "");
  // No printable ASCII character joins another in a cluster, so that such a text is replaced character by character.
  const isPlain = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).every(
    (character) => replaced(character) === character,
  );
  return (text) => (isPlain && printable.test(text) ? text : replaced(text));
}

/** The same, part by part; a part that is not replaced is one character that stands for itself. */
export function precompiledParts(charsmap: string): (text: string) => Replacement[] {
  const find = replacements(charsmap);
  const replacement = (part: string): string | null => find(encoder.encode(part));
  const madeOf = (cluster: string): readonly Replacement[] => {
    const whole = encoder.encode(cluster).length < LONGEST_WHOLE ? replacement(cluster) : null;
    if (whole !== null) return [[cluster, whole]];
    return Array.from(cluster, (character) => [character, replacement(character) ?? character]);
  };
  const known = new Map<string, readonly Replacement[]>();
  const clusterOf = (cluster: string): readonly Replacement[] => {
    const found = known.get(cluster);
    if (found !== undefined) return found;
    const made = madeOf(cluster);
    known.set(cluster, made);
    return made;
  };
  return (text) => Array.from(segmenter.segment(text), ({ segment }) => clusterOf(segment)).flat();
}

/** What an entry that some bytes begin with is replaced by, the shortest one; null where there is none. */
function replacements(charsmap: string): (bytes: Uint8Array) => string | null {
  const table = Uint8Array.from(atob(charsmap), (character) => character.charCodeAt(0));
  const view = new DataView(table.buffer);
  const trieBytes = table.length >= 4 ? view.getUint32(0, true) : Number.NaN;
  if (!(trieBytes % 4 === 0 && trieBytes > 0 && 4 + trieBytes <= table.length))
    throw new Error("a precompiled_charsmap that is no table of replacements");
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = table.subarray(4 + trieBytes);
  return (bytes) => {
    const leaf = shortestEntry(units, bytes);
    return leaf === null ? null : decoder.decode(texts.subarray(leaf, endOf(texts, leaf)));
  };
}

function shortestEntry(units: Uint32Array, bytes: Uint8Array): number | null {
  let at = offsetOf(units[0]!);
  for (const byte of bytes) {
    at ^= byte;
    const unit = units[at];
    if (byte === 0 || unit === undefined || (unit & 0x800000ff) !== byte) return null;
    at ^= offsetOf(unit);
    if (((unit >>> 8) & 1) === 1) return (units[at] ?? 0) & 0x7fffffff;
  }
  return null;
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function endOf(texts: Uint8Array, begin: number): number {
  const end = texts.indexOf(0, begin);
  return end < 0 ? texts.length : end;
}
