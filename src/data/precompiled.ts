/**
 * SentencePiece's table of character replacements, `precompiled_charsmap`: a trie over UTF-8 bytes as a double array
 * (Darts), whose leaves point into a text of replacements, each ended by a zero byte.
 */

const LONGEST_WHOLE = 6;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * The function that replaces characters as the table says, in the way of the Rust tokenizers: of a cluster of less than
 * 6 bytes that begins with an entry all is replaced; else each of its characters that begins with one.
 * @param charsmap the table in base64
 * @throws Error when it is none.
 */
export function precompiled(charsmap: string): (text: string) => string {
  const find = replacements(charsmap);
  const known = new Map<string, string | null>();
  const replacement = (part: string): string | null => {
    const found = known.get(part);
    if (found !== undefined) return found;
    const made = find(encoder.encode(part));
    known.set(part, made);
    return made;
  };
  const clusterOf = (cluster: string): string => {
    const whole = encoder.encode(cluster).length < LONGEST_WHOLE ? replacement(cluster) : null;
    return whole ?? Array.from(cluster, (character) => replacement(character) ?? character).join("");
  };
  return (text) => Array.from(segmenter.segment(text), ({ segment }) => clusterOf(segment)).join("");
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
