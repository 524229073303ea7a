/** Which files of a folder are which part of a data set. */
import { endings } from "../formats/table.ts";

/**
 * Names of files, paths below their folder; null where a folder has none for it. A part that is kept in several files is a pattern
 * of their names (`train-*-of-00003.parquet`).
 */
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
  test: ["test", "test_matched"],
};

/** The folder in which data sets of the Hugging Face hub keep their files. */
export const dataFolder = "data/";

/**
 * Finds the parts of a data set among the `fileNames` of its folder, those below its `data/` written with that.
 * A part is one file, or several that are numbered as on the hub (`train-00000-of-00003.parquet`).
 */
export function findSplits(fileNames: readonly string[]): Splits {
  const find = (split: keyof Splits): string | null => {
    const candidates = ["", dataFolder].flatMap((folder) =>
      stems[split].flatMap((stem) => endings.map((ending) => ({ begin: folder + stem, ending }))),
    );
    for (const { begin, ending } of candidates) {
      if (fileNames.includes(begin + ending)) return begin + ending;
      const shards = fileNames.filter((name) => shardCount(name, begin, ending) !== null);
      if (shards.length > 0) return shards.length === 1 ? shards[0]! : patternOf(shards, begin, ending);
    }
    return null;
  };
  return {
    train: find("train"),
    validation: find("validation"),
    validationMismatched: find("validationMismatched"),
    test: find("test"),
  };
}

/** Which part of a data set a file, or the pattern of its files' names, is called; null where the name is none of those. */
export function splitNamed(path: string): keyof Splits | null {
  const stem = /([^/\\]*?)(?:-(?:\d+|\*)-of-[^/\\]*)?(?:\.[^./\\]*)?$/.exec(path)?.[1];
  const found = Object.entries(stems).find(([, names]) => stem !== undefined && names.includes(stem));
  return found ? (found[0] as keyof Splits) : null;
}

/** Of how many files `name` is one, if it is one that begins and ends so. */
function shardCount(name: string, begin: string, ending: string): string | null {
  if (!name.startsWith(`${begin}-`) || !name.endsWith(ending)) return null;
  return /^-\d+-of-(\d+)(?:-[0-9a-f]+)?$/.exec(name.slice(begin.length, name.length - ending.length))?.[1] ?? null;
}

function patternOf(shards: readonly string[], begin: string, ending: string): string {
  return `${begin}-*-of-${shardCount(shards[0]!, begin, ending)!}*${ending}`;
}
