/**
 * The eight sets of commonsense questions by which LLM-Adapters (Hu et al. 2023) measures, from the Hugging Face hub's columns, those
 * of the sets' own files, and LLM-Adapters' records.
 *
 * They are asked in LLM-Adapters' words, without BoolQ's passage, or chosen among as in lm-evaluation-harness.
 */
import type { ChoiceQuestion } from "../data/question.ts";
import type { ExtractionName } from "../metrics/answers.ts";
import { placeIn, textIn } from "./cells.ts";
import { choiceNames, type ChoiceWording, readChoices, wordChoices } from "./choice-wording.ts";
import {
  beginning,
  type ChoiceForm,
  listedScience,
  passages,
  records,
  science,
  scienceWithin,
  situation,
  truths,
} from "./commonsense-forms.ts";
import { capitalised, choicesBehind, choicesInGap, withoutMarks } from "./likelihood.ts";
import { type ChoiceSet, type ChoiceTask, choiceTask } from "./question-set.ts";
import type { LikelihoodScoring, Scoring } from "./scoring.ts";

export type CommonsenseName =
  | "boolq"
  | "piqa"
  | "social_i_qa"
  | "hellaswag"
  | "winogrande"
  | "arc_easy"
  | "arc_challenge"
  | "openbookqa";

/** What LLM-Adapters' adapters are trained to say. */
const stated = (answer: string): string => `the correct answer is ${answer}`;

const scored = (split: Scoring["split"], extraction: ExtractionName, likelihood: LikelihoodScoring): Scoring => ({
  split,
  generation: { metrics: [extraction], decoding: { num_beams: 4, max_new_tokens: 32 } },
  likelihood,
});
const bySums: LikelihoodScoring = { metrics: ["acc"], reported: "acc" };
const perCharacter: LikelihoodScoring = { metrics: ["acc", "acc_norm"], reported: "acc_norm" };

interface Worded {
  readonly wording: ChoiceWording;
  readonly forms: readonly ChoiceForm[];
  readonly scoring: Scoring;
  readonly likelihood: ChoiceSet["likelihood"];
  /** What stands between what a question is about and what is asked, where both are there. */
  readonly joint?: string;
  readonly labelFile?: string;
}

/** A set whose choices are told by their numbers. */
function worded({ wording, forms, joint = " ", ...rest }: Worded): ChoiceSet {
  const answer = ({ choices, gold }: ChoiceQuestion) => choiceNames(wording, choices.length)[gold]!;
  return {
    ...rest,
    forms: [
      ...forms,
      records(
        (instruction) => readChoices(wording, instruction),
        (choices) => choiceNames(wording, choices.length),
      ),
    ],
    instruct: (question) => wordChoices(wording, joined(question, joint), question.choices),
    answer,
    say: (question) => stated(answer(question)),
  };
}

function joined({ context, asked }: ChoiceQuestion, joint: string): string {
  return context === "" ? asked : `${context}${joint}${asked}`;
}

const answers: ChoiceWording = {
  opening: "Please choose the correct answer to the question: ",
  name: "answer",
  between: " ",
  closing: "\n\n",
};

const boolqWording =
  /^Please answer the following question with true or false, question: (.*)\?\n\nAnswer format: true\/false$/s;

const boolq: ChoiceSet = {
  forms: [
    passages("answer", truths),
    passages("label", ["0", "1"]),
    records(
      (instruction) => {
        const asked = boolqWording.exec(instruction)?.[1];
        return asked === undefined ? null : { asked, choices: truths };
      },
      () => truths,
    ),
  ],
  scoring: scored("validation", "true_or_false", bySums),
  instruct: ({ asked }) =>
    `Please answer the following question with true or false, question: ${asked}?\n\nAnswer format: true/false`,
  answer: ({ gold }) => truths[gold]!,
  say: ({ gold }) => stated(truths[gold]!),
  likelihood: ({ context, asked, gold }) => {
    if (context === "") throw new Error("boolq: a question without its passage, which likelihoods are read behind");
    return choicesBehind(`${context}\nQuestion: ${asked}?\nAnswer:`, { choices: ["no", "yes"], gold });
  },
};

const piqa: ChoiceSet = worded({
  wording: {
    opening: "Please choose the correct solution to the question: ",
    name: "solution",
    between: "\n\n",
    closing: "\n\n",
  },
  forms: [
    {
      columns: ["goal", "sol1", "sol2", "label"],
      read: (values, place) => ({
        context: "",
        asked: textIn(values, "goal", place),
        choices: ["sol1", "sol2"].map((column) => textIn(values, column, place)),
        gold: placeIn(["0", "1"], values, "label", place),
      }),
    },
  ],
  labelFile: "-labels.lst",
  scoring: scored("validation", "solution_number", perCharacter),
  likelihood: (question) => choicesBehind(`Question: ${question.asked}\nAnswer:`, question),
});

const socialIqa: ChoiceSet = worded({
  wording: answers,
  forms: [situation("label", ["1", "2", "3"]), situation("correct", ["A", "B", "C"])],
  labelFile: "-labels.lst",
  scoring: scored("validation", "answer_number", bySums),
  likelihood: (question) => choicesBehind(`Q: ${joined(question, " ")}\nA:`, question),
});

const hellaswag: ChoiceSet = worded({
  wording: {
    opening: "Please choose the correct ending to complete the given sentence: ",
    name: "ending",
    between: " ",
    closing: "\n\n",
  },
  forms: [beginning("activity_label", "ctx_b"), beginning("activity_label", null), beginning(null, null)],
  joint: ": ",
  scoring: scored("validation", "ending_number", perCharacter),
  likelihood: (question) =>
    choicesBehind(withoutMarks(joined({ ...question, asked: capitalisedEnd(question) }, ": ")), {
      choices: question.choices.map(withoutMarks),
      gold: question.gold,
    }),
});

/** The beginning of a text, its unfinished sentence with a capital. */
function capitalisedEnd({ asked, unfinished = "" }: ChoiceQuestion): string {
  if (unfinished === "" || !asked.endsWith(unfinished)) return asked;
  return asked.slice(0, asked.length - unfinished.length) + capitalised(unfinished);
}

const winogrande: ChoiceSet = worded({
  wording: {
    opening: "Please choose the correct answer to fill in the blank to complete the given sentence: ",
    name: "option",
    between: " ",
    closing: " ",
  },
  forms: [
    {
      columns: ["sentence", "option1", "option2", "answer"],
      read: (values, place) => ({
        context: "",
        asked: textIn(values, "sentence", place),
        choices: ["option1", "option2"].map((column) => textIn(values, column, place)),
        gold: placeIn(["1", "2"], values, "answer", place),
      }),
    },
  ],
  scoring: scored("validation", "option_number", bySums),
  likelihood: choicesInGap,
});

const scienceSet = (question: string, context: (asked: string) => string): ChoiceSet =>
  worded({
    wording: answers,
    forms: [science(question), scienceWithin, listedScience],
    scoring: scored("test", "answer_number", perCharacter),
    likelihood: (asked) => choicesBehind(context(asked.asked), asked),
  });

const arc = scienceSet("question", (asked) => `Question: ${asked}\nAnswer:`);

/** The task of each set. */
export const commonsense: { readonly [name in CommonsenseName]: ChoiceTask } = {
  boolq: choiceTask("boolq", boolq),
  piqa: choiceTask("piqa", piqa),
  social_i_qa: choiceTask("social_i_qa", socialIqa),
  hellaswag: choiceTask("hellaswag", hellaswag),
  winogrande: choiceTask("winogrande", winogrande),
  arc_easy: choiceTask("arc_easy", arc),
  arc_challenge: choiceTask("arc_challenge", arc),
  openbookqa: choiceTask(
    "openbookqa",
    scienceSet("question_stem", (asked) => asked),
  ),
};
