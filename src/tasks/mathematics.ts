/**
 * The six sets of mathematical questions by which LLM-Adapters (Hu et al. 2023) measures, from the Hugging Face hub's columns, those of
 * the sets' own files, and LLM-Adapters' records. The question is the instruction.
 */
import type { ChoiceQuestion, OpenQuestion } from "../data/question.ts";
import type { Row } from "../formats/rows.ts";
import { quote } from "../formats/text.ts";
import { placeIn, textIn, textsIn } from "./cells.ts";
import { decimal, labelText } from "./label.ts";
import { choicesBehind } from "./likelihood.ts";
import {
  type ChoiceSet,
  type ChoiceTask,
  choiceTask,
  type QuestionForm,
  type QuestionSet,
  type QuestionTask,
  questionTask,
} from "./question-set.ts";
import type { Scoring } from "./scoring.ts";

export type MathematicsName = "gsm8k" | "addsub" | "multiarith" | "singleeq" | "svamp" | "aqua";

const scored = (...metrics: NonNullable<Scoring["generation"]>["metrics"]): Scoring => ({
  split: "test",
  generation: { metrics, decoding: { num_beams: 4, max_new_tokens: 256 } },
});

const stated = (answer: string): string => `The answer is ${answer}.`;

/** The number that a cell holds, or a list of one: without commas, and whole where it is. */
function numberIn(values: Row["values"], column: string, place: string): string {
  const value = values[column];
  const [only, ...others] = Array.isArray(value) ? value : [value];
  const text = others.length === 0 ? labelText(only) : undefined;
  return numberOf(text ?? "", `${place}: ${quote(JSON.stringify(value) ?? "nothing")} in column ${quote(column)}`);
}

function numberOf(text: string, met: string): string {
  const number = decimal(text.trim().replaceAll(",", ""));
  if (number === null) throw new Error(`${met}, expected a number`);
  return String(number);
}

/**
 * A question and its number.
 * @param answer the column of the number
 * @param asked the columns of the question, whose texts are joined
 */
function numberForm(answer: string, ...asked: readonly [string, ...string[]]): QuestionForm<OpenQuestion> {
  return {
    columns: [...asked, answer],
    read: (values, place) => ({
      context: "",
      asked: asked.map((column) => textIn(values, column, place)).reduce(joinSentences),
      choices: null,
      answer: numberIn(values, answer, place),
    }),
  };
}

/** SVAMP's bodies may lack the dot that ends them. */
function joinSentences(body: string, question: string): string {
  const trimmed = body.trim();
  return `${/[.?!,]$/.test(trimmed) ? trimmed : `${trimmed}.`} ${question.trim()}`;
}

const MARK = "#### ";

/** GSM8K's own answers: steps with marks for a calculator, and the number behind `#### `. */
const workedForm: QuestionForm<OpenQuestion> = {
  columns: ["question", "answer"],
  read: (values, place) => {
    const text = textIn(values, "answer", place);
    const end = text.lastIndexOf(MARK);
    const met = `${place}: ${quote(text)} in column "answer"`;
    if (end < 0) throw new Error(`${met}, expected steps and a number behind "${MARK}"`);
    return {
      context: "",
      asked: textIn(values, "question", place),
      reasoning: text
        .slice(0, end)
        .replaceAll(/<<.*?>>/g, "")
        .trimEnd(),
      choices: null,
      answer: numberOf(text.slice(end + MARK.length), met),
    };
  },
};

const numberRecords = numberForm("answer", "instruction");

function numberSet(scoring: Scoring, ...forms: readonly QuestionForm<OpenQuestion>[]): QuestionSet<OpenQuestion> {
  return {
    forms: [...forms, numberRecords],
    scoring,
    instruct: ({ asked }) => asked,
    answer: ({ answer }) => answer,
    say: ({ answer, reasoning }) => (reasoning === undefined ? stated(answer) : `${reasoning}\n${MARK}${answer}`),
  };
}

const lastNumber = scored("last_number");
/** As the hub has them, and as the sets' own files do. */
const plainForms = [
  numberForm("answer", "question"),
  numberForm("final_ans", "question"),
  numberForm("lSolutions", "sQuestion"),
];

const letters: readonly string[] = ["A", "B", "C", "D", "E"];

/** The options of AQuA's own files begin with their letter: `A)21`. */
const optionsForm: QuestionForm<ChoiceQuestion> = {
  columns: ["question", "options", "correct"],
  read: (values, place) => {
    const options = textsIn(values, "options", place);
    const names = letters.slice(0, options.length);
    return {
      context: "",
      asked: textIn(values, "question", place),
      choices: options.map((option) => option.replace(/^[A-E]\)/, "")),
      gold: placeIn(names, values, "correct", place),
    };
  },
};

const listed = /^(.*?) Answer Choices: \(A\) (.*?) \(B\) (.*?) \(C\) (.*?) \(D\) (.*?) \(E\) (.*)$/s;

const letterRecords: QuestionForm<ChoiceQuestion> = {
  columns: ["instruction", "answer"],
  read: (values, place) => {
    const instruction = textIn(values, "instruction", place);
    const [, asked, ...choices] = listed.exec(instruction) ?? [];
    if (asked === undefined)
      throw new Error(`${place}: ${quote(instruction)} in column "instruction", expected the wording of LLM-Adapters`);
    return { context: "", asked, choices, gold: placeIn(letters, values, "answer", place) };
  },
};

/**
 * Its answers are stated without the reasoning that its files have: LLM-Adapters' rule takes the first capital from A to E of what is
 * said, wherever it stands. Likelihoods are read behind the prompt of AGIEval (Zhong et al. 2023).
 */
const aqua: ChoiceSet = {
  forms: [optionsForm, letterRecords],
  scoring: {
    ...scored("first_letter", "stated_letter"),
    likelihood: { metrics: ["acc", "acc_norm"], reported: "acc_norm" },
  },
  // Brackets within choices have blanks around them in LLM-Adapters' records.
  instruct: ({ asked, choices }) =>
    `${asked} Answer Choices: ${choices.map((choice, i) => `(${letters[i]}) ${choice.replaceAll("(", " (").replaceAll(")", ") ")}`).join(" ")}`,
  answer: ({ gold }) => letters[gold]!,
  say: ({ gold }) => stated(`(${letters[gold]})`),
  likelihood: ({ asked, choices, gold }) => {
    const named = choices.map((choice, i) => `(${letters[i]})${choice}`);
    const last = letters[choices.length - 1];
    return choicesBehind(`Q: ${asked} Answer Choices: ${named.join(" ")}\nA: Among A through ${last}, the answer is`, {
      choices: named,
      gold,
    });
  },
};

/** The task of each set. */
export const mathematics: { readonly [name in MathematicsName]: QuestionTask } & { readonly aqua: ChoiceTask } = {
  gsm8k: questionTask("gsm8k", numberSet(scored("last_number", "strict_match", "flexible_extract"), workedForm)),
  addsub: questionTask("addsub", numberSet(lastNumber, ...plainForms)),
  multiarith: questionTask("multiarith", numberSet(lastNumber, ...plainForms)),
  singleeq: questionTask("singleeq", numberSet(lastNumber, ...plainForms)),
  svamp: questionTask("svamp", numberSet(lastNumber, numberForm("Answer", "Body", "Question"))),
  aqua: choiceTask("aqua", aqua),
};
