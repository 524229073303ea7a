/** Sets of questions as tasks: rows of several forms become one form, and that becomes prompts, answers and choices. */
import type { ChoiceQuestion, Question } from "../data/question.ts";
import type { Row } from "../formats/rows.ts";
import { instructionTemplates } from "./instructions.ts";
import type { LikelihoodItem } from "./likelihood.ts";
import type { RowReader } from "./row-reader.ts";
import type { Scoring } from "./scoring.ts";
import {
  fixedTask,
  languageModelling,
  type TableForms,
  type Task,
  type TaskDefinition,
  type TextColumns,
} from "./task.ts";

/** A form that rows come in. */
export interface QuestionForm<Q extends Question> {
  readonly columns: TextColumns;
  /** @throws Error beginning with `place` for a cell that does not hold what it should. */
  read(values: Row["values"], place: string): Q;
}

export interface QuestionSet<Q extends Question> {
  /** A row is read by the first form whose columns its file has. */
  readonly forms: readonly QuestionForm<Q>[];
  readonly scoring: Scoring;
  /** As of a task's forms. */
  readonly labelFile?: string;
  /** What LLM-Adapters (Hu et al. 2023) asks. */
  instruct(question: Q): string;
  /** The answer that is accepted. */
  answer(question: Q): string;
  /** What a model is trained to say. */
  say(question: Q): string;
}

export interface ChoiceSet extends QuestionSet<ChoiceQuestion> {
  /** What likelihoods choose among, as lm-evaluation-harness has it. */
  likelihood(question: ChoiceQuestion): LikelihoodItem;
}

export interface QuestionTask extends TaskDefinition {
  readonly readRow: RowReader;
}

export interface ChoiceTask extends QuestionTask {
  readonly likelihood: ChoiceSet["likelihood"];
}

/** The task `name` of a set of questions. */
export function questionTask<Q extends Question>(name: string, set: QuestionSet<Q>): QuestionTask {
  const { forms, scoring, labelFile } = set;
  const tableForms = {
    textColumns: forms.map(({ columns }) => columns),
    labelColumns: [],
    headerless: [],
    ...(labelFile !== undefined && { labelFile }),
  };
  const task: Task = { ...tableForms, name, ...languageModelling("prompt-completion"), scoring };
  return { ...taskOfOwnColumns(task, tableForms), readRow: questionReader(set) };
}

/** The same of a set whose questions have choices. */
export function choiceTask(name: string, set: ChoiceSet): ChoiceTask {
  return { ...questionTask(name, set), likelihood: set.likelihood };
}

/** A task that reads columns of its own, and refuses others in one line. */
export function taskOfOwnColumns(task: Task, forms: TableForms): TaskDefinition & { readonly known: Task } {
  return fixedTask(task, forms, ({ textColumn, textPairColumn, labelColumn }) => {
    if ([textColumn, textPairColumn, labelColumn].some((column) => column !== undefined))
      throw new Error(`${task.name}: columns given, but it reads its own`);
    return task;
  });
}

/** What an LLM-Adapters record asks and says is taken as it stands there. */
function questionReader<Q extends Question>({ forms, instruct, answer, say }: QuestionSet<Q>): RowReader {
  return ({ values }, columns, place) => {
    const form = forms.find((known) => known.columns.join() === columns.join());
    if (!form) throw new Error(`${place}: columns ${columns.join(", ")} are of no form of its task`);
    const question = form.read(values, place);
    const isRecord = columns[0] === "instruction";
    const instruction = isRecord ? String(values["instruction"]) : instruct(question);
    const output = isRecord && typeof values["output"] === "string" ? values["output"] : "";
    return {
      texts: [instructionTemplates.alpaca.training(instruction, ""), output.trim() === "" ? say(question) : output],
      references: [answer(question)],
      question,
    };
  };
}
