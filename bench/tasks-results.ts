/** The results of the study of the tasks: what is kept of a run, and what is in and what is missing. */
import { existsSync, readFileSync } from "node:fs";
import type { Protocol } from "../src/run/scoring/protocol.ts";
import type { Scores } from "./tasks-chance.ts";
import { type MethodName, type Part, runs, type StudiedTask, type StudyRun } from "./tasks-runs.ts";

export interface Result {
  readonly part: Part;
  readonly task: string;
  readonly method: MethodName;
  readonly seed: number;
  /** Of training; null where nothing was trained. */
  readonly learningRate: number | null;
  readonly trained: number | null;
  readonly scores: Scores;
  /** The same without a model. */
  readonly chance: Scores;
  readonly protocols: readonly ScoredBy[];
  readonly seconds: { readonly train: number | null; readonly evaluate: number | null };
  /** Where it was scored; trained, too, unless `trainedOn` says another. */
  readonly machine: string;
  readonly trainedOn?: string;
}

/** A protocol without the first prompt, and with the file's name alone. */
export type ScoredBy = Omit<Protocol, "prompt">;

/** The runs that are done. */
export function read(path: string): Result[] {
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  return lines.filter(Boolean).map((line) => JSON.parse(line) as Result);
}

/** The results of a task by a method, of one seed or of all, in the order of the seeds. */
export function find(results: readonly Result[], task: string, method: MethodName): Result[] {
  return results
    .filter((result) => result.task === task && result.method === method)
    .toSorted((a, b) => a.seed - b.seed);
}

export function isDone(results: readonly Result[], { studied: { task }, method, seed }: StudyRun): boolean {
  return find(results, task, method).some((result) => result.seed === seed);
}

export interface Missing {
  readonly seed: number;
  readonly methods: readonly MethodName[];
}

/** What is not done of a task, by seeds. */
export function missingOf(results: readonly Result[], { task }: StudiedTask): Missing[] {
  const open = runs.filter((run) => run.studied.task === task && !isDone(results, run));
  const seeds = [...new Set(open.map(({ seed }) => seed))];
  return seeds.map((seed) => ({
    seed,
    methods: open.filter((run) => run.seed === seed).map(({ method }) => method),
  }));
}
