/** Training sets that are known to hold items of test sets. */
import type { RowTable } from "../formats/rows.ts";
import { listed } from "./listed.ts";

/** A file of training data, as far as it tells what it is. */
export interface TrainingFile {
  readonly where: string;
  readonly columns: RowTable["columns"];
  readonly rows: number;
}

/** What is known of a training set. */
interface KnownSet {
  readonly name: string;
  /** What its file, or the folder of that, is called. */
  readonly called: RegExp;
  /** Another way to know its file: so many rows, with these columns. */
  readonly rows?: { readonly count: number; readonly columns: readonly string[] };
  /** What it holds, by the name of the task that is scored on such items. */
  readonly holds: Readonly<Record<string, string>>;
}

const mawps = {
  addsub: "327 of the 395 questions",
  multiarith: "490 of the 600 questions",
  singleeq: "436 of the 508 questions",
};

/**
 * Questions were counted where their letters and digits are the same, in the files of LLM-Adapters at 8166572 and in the sets' own:
 * scripts/contamination.ts.
 * What math_10k.json is made of is said by its authors.
 */
const knownSets: readonly KnownSet[] = [
  {
    name: "LLM-Adapters' math_data.json",
    called: /^math_data\b/i,
    rows: { count: 3260, columns: ["instruction", "output", "answer"] },
    holds: {
      gsm8k: "1,055 of the 1,319 test questions",
      addsub: "334 of the 395 questions",
      multiarith: "491 of the 600 questions",
      singleeq: "428 of the 508 questions",
      svamp: "800 of the 1,000 questions",
      aqua: "203 of the 254 test questions",
    },
  },
  { name: "LLM-Adapters' math_10k.json, which is made of MAWPS among others", called: /^math_?10k\b/i, holds: mawps },
  { name: "MAWPS", called: /mawps/i, holds: mawps },
  { name: "AddSub", called: /^add_?sub\b/i, holds: { singleeq: "127 of the 508 questions" } },
  { name: "SingleEq", called: /^single_?eq\b/i, holds: { addsub: "126 of the 395 questions" } },
  {
    name: "LLM-Adapters' commonsense_170k.json, as the sets' own training data",
    called: /^commonsense_?170k\b/i,
    holds: {
      boolq: "6 of the 3,270 validation questions",
      piqa: "2 of the 1,838 validation questions",
      arc_easy: "2 of the 2,376 test questions",
    },
  },
];

/** One line for each task of whose test items a training file is known to hold some, by the task's name; null for other files. */
export function contaminationsOf(file: TrainingFile): Readonly<Record<string, string>> | null {
  const known = knownSets.find((set) => isOf(set, file));
  if (!known) return null;
  const lines = Object.entries(known.holds).map(([task, what]) => [
    task,
    `${listed([file.where])} is taken for ${known.name}; it holds ${what} that ${task} is scored on`,
  ]);
  return Object.fromEntries(lines) as Readonly<Record<string, string>>;
}

/** The line for the task `name`; null where nothing is known. */
export function contaminationOf(file: TrainingFile, name: string): string | null {
  return contaminationsOf(file)?.[name] ?? null;
}

function isOf({ called, rows }: KnownSet, file: TrainingFile): boolean {
  const names = file.where.split(/[/\\]/).slice(-2);
  const isAlike =
    rows !== undefined && file.rows === rows.count && rows.columns.every((column) => file.columns.includes(column));
  return isAlike || names.some((name) => called.test(name));
}
