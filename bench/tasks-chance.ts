/** What can be scored on a task without any model: what the scores of models are read beside. */
import { sampled } from "../src/data/few-shot.ts";
import type { Example } from "../src/data/examples.ts";
import { metrics } from "../src/metrics/registry.ts";
import { sentencesOf } from "../src/metrics/sentences.ts";
import { textMetrics } from "../src/metrics/text-registry.ts";
import { readTaskFile } from "../src/run/data.ts";
import { taskNamed } from "../src/tasks/registry.ts";
import { isSummary } from "../src/tasks/summarization.ts";
import type { Task } from "../src/tasks/task.ts";

/** By name; shares from 0 to 1, but SQuAD's, which are percentages. */
export type Scores = Readonly<Record<string, number>>;

/** By this seed `rocoft evaluate` draws its items. */
const SEED = 42;

/**
 * The scores of the commonest class, of always the same choice or answer, of never an answer, and of the first sentence as the summary.
 * @param count how many of the file's items at most
 */
export async function chanceOn(name: string, file: string, count: number = Infinity): Promise<Scores> {
  const task = taskNamed(name).resolve({ columns: [], rows: [] }, file, {});
  const { examples } = sampled(await readTaskFile(task, file), count, SEED);
  if (task.kind === "question-answering") return unanswered(examples);
  if (isSummary(task.name)) return firstSentences(examples);
  return task.scoring ? questions(task, examples) : classes(task, examples);
}

/** A constant has no correlation with anything; it counts as 0. */
function classes({ metrics: names }: Task, examples: readonly Example[]): Scores {
  const labels = examples.map(({ label }) => label!);
  const constant = labels.map(() => commonest(labels));
  return Object.fromEntries(names.map((name) => [name, metrics[name].compute(labels, constant) || 0]));
}

function unanswered(examples: readonly Example[]): Scores {
  const share = (100 * examples.filter(({ references }) => references?.length === 0).length) / examples.length;
  return { exact: share, f1: share };
}

function firstSentences(examples: readonly Example[]): Scores {
  const lines = (text: string) => sentencesOf(text).join("\n");
  return textMetrics.rouge.compute(
    examples.map(({ references }) => references!.map(lines)),
    examples.map(({ texts: [document] }) => sentencesOf(document)[0] ?? ""),
  );
}

function questions({ scoring }: Task, examples: readonly Example[]): Scores {
  const references = examples.map((example) => example.references!);
  const answer = commonest(references.map(([first]) => first!));
  const constant = examples.map(() => answer);
  const said = (scoring?.generation?.metrics ?? []).map((name) => textMetrics[name].compute(references, constant));
  const golds = examples.flatMap(({ question }) => (question?.choices ? [question.gold] : []));
  const choice = commonest(golds);
  const share = golds.filter((gold) => gold === choice).length / golds.length;
  const likely = (scoring?.likelihood?.metrics ?? []).map((name) => [name, share] as const);
  return { ...Object.assign({}, ...said), ...Object.fromEntries(likely) } as Scores;
}

/** The value that occurs most, the first of equals. */
function commonest<T>(values: readonly T[]): T {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best), [values[0]!, 0] as [T, number])[0];
}
