/** Errors about names that are not known, with the known names that are near. */

/** At most this many names are listed. */
const LISTED = 5;

/**
 * An error in one line: what was met, the known names nearest to it (by edit distance), and how many there are in all.
 * @param subject what kind of name it is, and where it stands: `--target_modules: unknown module`
 */
export function unknownName(subject: string, met: string, known: Iterable<string>): Error {
  const all = [...known];
  const byDistance = all
    .map((name) => ({ name, distance: editDistance(met, name) }))
    .sort((a, b) => a.distance - b.distance);
  const listed = byDistance.slice(0, LISTED).map(({ name }) => name);
  const expected =
    all.length <= LISTED ? `expected one of ${all.join(", ")}` : `nearest of ${all.length}: ${listed.join(", ")}`;
  return new Error(`${subject} "${met}", ${expected}`);
}

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + Number(a[i - 1] !== b[j - 1]);
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
