/**
 * A few examples of a larger data set, as in studies of few-shot learning (Gao et al. 2021, §3).
 *
 * Which examples are drawn is this library's own: LM-BFF draws with NumPy's generator, so its published splits are read from its files.
 */
import { random } from "../tensor/random.ts";
import type { Dataset, Example } from "./examples.ts";

export interface FewShot {
  readonly train: Dataset;
  readonly validation: Dataset;
}

/**
 * `k` examples of each class to learn from, and the next `k` of each to validate on, drawn by `seed`; in the order of the classes.
 * @throws Error in one line, beginning with the file, for a class of fewer than 2·k examples.
 */
export function fewShot(dataset: Dataset, labels: readonly string[], k: number, seed: number): FewShot {
  const { where, examples } = dataset;
  const drawn = random(seed, "few-shot").permutation(examples.length);
  const shuffled = Array.from(drawn, (i) => examples[i]!);
  const classes = labels.map((name, id) => {
    const members = shuffled.filter(({ label }) => label === id);
    if (members.length >= 2 * k) return members;
    throw new Error(
      `${where}: ${members.length} examples of ${name}, expected at least ${2 * k}, ${k} to learn from and ${k} to validate on`,
    );
  });
  const part = (begin: number): Dataset => ({
    ...dataset,
    examples: classes.flatMap((members): readonly Example[] => members.slice(begin, begin + k)),
  });
  return { train: part(0), validation: part(k) };
}

/** At most `count` examples, drawn by `seed` where there are more; in their order. */
export function sampled(dataset: Dataset, count: number, seed: number): Dataset {
  const { examples } = dataset;
  if (examples.length <= count) return dataset;
  const kept = new Set(random(seed, "sample").permutation(examples.length).subarray(0, count));
  return { ...dataset, examples: examples.filter((_, i) => kept.has(i)) };
}
