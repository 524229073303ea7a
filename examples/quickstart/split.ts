/**
 * A split of the mails whose held-out part says how the filter does on mails that it has not seen.
 *
 * Spam comes in campaigns and ham in threads, so a random split would put near-copies of training mails among the held-out
 * ones. Therefore, first, of mails that are nearly the same only one is kept: mails whose texts share at least a fifth of
 * their runs of three words (Jaccard's index, counted exactly over all pairs), directly or through others. Then mails with
 * the same subject, the answers of a thread, stay together on one side.
 *
 * The threshold was set by reading pairs: a little above it they are variants of one advertisement or issues of one
 * newsletter, well below it they share a phrase such as how to be removed from a list.
 */
import { random } from "rocoft";
import type { Label, Mail } from "./mails.ts";

/** From this index on two texts count as nearly the same. */
export const nearDuplicate = 0.2;

export interface Split {
  readonly train: readonly Mail[];
  readonly validation: readonly Mail[];
  readonly test: readonly Mail[];
}

/** The different runs of three words, in small letters and without digits, by which spam tells its copies apart. */
export function shingles(text: string): Set<string> {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  if (words.length <= 3) return new Set([words.join(" ")]);
  return new Set(words.slice(2).map((word, i) => `${words[i]} ${words[i + 1]} ${word}`));
}

/** The pairs of texts, as places in `texts`, with a Jaccard index of at least `threshold`. */
export function similarPairs(texts: readonly string[], threshold: number = nearDuplicate): [number, number][] {
  const sets = texts.map(shingles);
  const holders = new Map<string, number[]>();
  const pairs: [number, number][] = [];
  for (const [b, set] of sets.entries()) {
    const shared = new Map<number, number>();
    for (const shingle of set) {
      const earlier = holders.get(shingle) ?? [];
      for (const a of earlier) shared.set(a, (shared.get(a) ?? 0) + 1);
      holders.set(shingle, earlier);
      earlier.push(b);
    }
    for (const [a, both] of shared) if (both / (sets[a]!.size + set.size - both) >= threshold) pairs.push([a, b]);
  }
  return pairs;
}

/** The mails of which no two are nearly the same: the first of each group that `similarPairs` connects. */
export function withoutNearDuplicates(mails: readonly Mail[]): Mail[] {
  const pairs = similarPairs(mails.map(({ text }) => text));
  const first = mails.map((_, i) => i);
  const find = (i: number): number => (first[i] === i ? i : (first[i] = find(first[i]!)));
  for (const [a, b] of pairs) {
    const [p, q] = [find(a), find(b)];
    first[Math.max(p, q)] = Math.min(p, q);
  }
  return mails.filter((_, i) => find(i) === i);
}

/** The mails by subject; one without a subject stands alone. */
function threadsOf(mails: readonly Mail[]): Mail[][] {
  const threads = new Map<string, Mail[]>();
  for (const mail of mails) {
    const name = mail.subject.toLowerCase() || mail.id;
    threads.set(name, [...(threads.get(name) ?? []), mail]);
  }
  return [...threads.values()];
}

/** How many mails each part gets. */
export const sizes: { readonly [P in keyof Split]: number } = { test: 1000, validation: 400, train: 2000 };

/**
 * Draws the parts from mails without near-duplicates. Each has the classes in the proportion of all the mails; mails with
 * the same subject are in the same part, or in none.
 * @throws Error when there are too few mails for the parts.
 */
export function splitMails(
  mails: readonly Mail[],
  seed: number,
  counts: Readonly<Record<keyof Split, number>> = sizes,
): Split {
  const spamShare = mails.filter(({ label }) => label === "spam").length / mails.length;
  const parts = Object.entries(counts).map(([name, count]) => {
    const spam = Math.round(count * spamShare);
    return { name, mails: [] as Mail[], room: { spam, ham: count - spam } };
  });
  const threads = threadsOf(mails);
  for (const i of random(seed, "split").permutation(threads.length)) {
    const thread = threads[i]!;
    const fits = (room: Record<Label, number>) =>
      (["spam", "ham"] as const).every((label) => thread.filter((mail) => mail.label === label).length <= room[label]);
    const part = parts.find(({ room }) => fits(room));
    if (!part) continue;
    part.mails.push(...thread);
    for (const { label } of thread) part.room[label]--;
  }
  for (const { name, room } of parts)
    if (room.spam + room.ham > 0)
      throw new Error(`split: ${room.spam} spam and ${room.ham} ham too few for the ${name} part`);
  const split = Object.fromEntries(parts.map((part) => [part.name, part.mails]));
  return { train: split["train"]!, validation: split["validation"]!, test: split["test"]! };
}
