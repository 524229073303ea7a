/** The forms in which rows of commonsense questions come, each set's own and those that several share. */
import type { ChoiceQuestion } from "../data/question.ts";
import { isObject } from "../formats/json.ts";
import type { Row } from "../formats/rows.ts";
import { quote } from "../formats/text.ts";
import { namedChoicesIn, placeIn, textIn, textsIn } from "./cells.ts";
import type { QuestionForm } from "./question-set.ts";

type Values = Row["values"];
export type ChoiceForm = QuestionForm<ChoiceQuestion>;

/** LLM-Adapters' records of questions that `read` takes apart. */
export function records(
  read: (instruction: string) => { readonly asked: string; readonly choices: readonly string[] } | null,
  namesOf: (choices: readonly string[]) => readonly string[],
): ChoiceForm {
  return {
    columns: ["instruction", "answer"],
    read: (values, place) => {
      const instruction = textIn(values, "instruction", place);
      const question = read(instruction);
      if (!question)
        throw new Error(
          `${place}: ${quote(instruction)} in column "instruction", expected the wording of LLM-Adapters`,
        );
      return { context: "", ...question, gold: placeIn(namesOf(question.choices), values, "answer", place) };
    },
  };
}

/** What BoolQ's questions are answered by, in the order of the hub's labels. */
export const truths: readonly string[] = ["false", "true"];

/** @param names what its label column holds for false and for true, in lower case */
export function passages(column: string, names: readonly string[]): ChoiceForm {
  return {
    columns: ["question", "passage", column],
    read: (values, place) => ({
      context: textIn(values, "passage", place),
      asked: textIn(values, "question", place),
      choices: truths,
      gold: placeIn(names, lowerCased(values, column), column, place),
    }),
  };
}

function lowerCased(values: Values, column: string): Values {
  const value = values[column];
  return typeof value === "string" ? { ...values, [column]: value.toLowerCase() } : values;
}

/** @param names what its label column holds for each answer */
export const situation = (column: string, names: readonly string[]): ChoiceForm => ({
  columns: ["context", "question", "answerA", "answerB", "answerC", column],
  read: (values, place) => ({
    context: textIn(values, "context", place),
    asked: textIn(values, "question", place),
    choices: ["answerA", "answerB", "answerC"].map((answer) => textIn(values, answer, place)),
    gold: placeIn(names, values, column, place),
  }),
});

/**
 * The beginnings of texts.
 * @param activity its column; null where beginnings say it themselves
 * @param unfinished the column of the sentence that is to be ended; null where it stands in the beginning alone
 */
export const beginning = (activity: string | null, unfinished: string | null): ChoiceForm => ({
  columns: ["ctx", "endings", "label", ...[activity, unfinished].filter((column) => column !== null)],
  read: (values, place) => {
    const choices = textsIn(values, "endings", place);
    return {
      context: activity === null ? "" : textIn(values, activity, place),
      asked: textIn(values, "ctx", place),
      ...(unfinished !== null && { unfinished: textIn(values, unfinished, place) }),
      choices,
      gold: placeIn(
        choices.map((_, i) => String(i)),
        values,
        "label",
        place,
      ),
    };
  },
});

/** As the hub has science questions: the question, in a column of this name, and the choices with their names. */
export const science = (question: string): ChoiceForm => ({
  columns: [question, "choices", "answerKey"],
  read: (values, place) => {
    const { texts, names } = namedChoicesIn(values, "choices", place);
    const gold = placeIn(names, values, "answerKey", place);
    return { context: "", asked: textIn(values, question, place), choices: texts, gold };
  },
});

/** As AI2's own files have them: the choices within the question. */
export const scienceWithin: ChoiceForm = {
  columns: ["question", "answerKey"],
  read: ({ question, answerKey }, place) => {
    const values = { ...(isObject(question) ? question : {}), answerKey };
    return science("stem").read(values, place);
  },
};

/** The choices a plain list, the right one by its place. */
export const listedScience: ChoiceForm = {
  columns: ["question", "choices", "label"],
  read: (values, place) => {
    const choices = textsIn(values, "choices", place);
    const gold = placeIn(
      choices.map((_, i) => String(i)),
      values,
      "label",
      place,
    );
    return { context: "", asked: textIn(values, "question", place), choices, gold };
  },
};
