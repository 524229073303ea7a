/** Tasks that are learned by models of either kind, by each in its way: summaries. */
import type { HeadName, Model } from "../models/architecture.ts";
import { isSummary, promptsOf, summaryPrompts } from "../tasks/summarization.ts";
import type { Task } from "../tasks/task.ts";
import type { RunData } from "./data.ts";
import { taskKinds } from "./task-kinds.ts";

type Heads = Pick<Model, "heads">;

/** The head by which a model learns a task. */
export function headFor(task: Task, model: Heads): HeadName {
  return taskKinds[readsPrompts(task, model) ? "prompt-completion" : task.kind].head;
}

/** The task as a model learns it. */
export function taskForModel(task: Task, model: Heads): Task {
  return readsPrompts(task, model) ? summaryPrompts(task) : task;
}

/** The data as a model reads it: documents become prompts where it does not read them apart from what it says. */
export function forModel(data: RunData, model: Heads): RunData {
  if (!readsPrompts(data.task, model)) return data;
  return {
    ...data,
    task: taskForModel(data.task, model),
    train: promptsOf(data.train),
    validation: promptsOf(data.validation),
    extra: data.extra.map(promptsOf),
  };
}

function readsPrompts({ name, kind }: Task, { heads }: Heads): boolean {
  if (!isSummary(name) || kind !== "sequence-to-sequence") return false;
  return heads["sequence-to-sequence"] === undefined && heads["causal-language-model"] !== undefined;
}
