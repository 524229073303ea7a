/** Which file of a folder is which part of a data set. */

/** Names of files; null where a folder has none for it. */
export interface Splits {
  readonly train: string | null;
  readonly validation: string | null;
  /** MNLI's second validation set, of other genres than it is trained on. */
  readonly validationMismatched: string | null;
  /** Without labels in GLUE's own files. */
  readonly test: string | null;
}

/** In order of preference. `dev` comes before `val`, which CoLA's copies cut from the training data. */
const stems: { readonly [split in keyof Splits]: readonly string[] } = {
  train: ["train", "training", "train_subset"],
  validation: ["validation", "dev", "valid", "val", "validation_matched", "dev_matched", "mnli_matched"],
  validationMismatched: ["validation_mismatched", "dev_mismatched", "mnli_mismatched"],
  test: ["test"],
};
const endings: readonly string[] = [".tsv", ".csv", ".jsonl", ".json", ".txt", ""];

/** Finds the parts of a data set among the `fileNames` of its folder. */
export function findSplits(fileNames: readonly string[]): Splits {
  const find = (split: keyof Splits): string | null => {
    const candidates = stems[split].flatMap((stem) => endings.map((ending) => stem + ending));
    return candidates.find((candidate) => fileNames.includes(candidate)) ?? null;
  };
  return {
    train: find("train"),
    validation: find("validation"),
    validationMismatched: find("validationMismatched"),
    test: find("test"),
  };
}
