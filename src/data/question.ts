/** Questions of tests in the form that all sets of them share. Plain data. */

interface Asked {
  /** What the question is about: a passage, a situation, an activity; empty where there is nothing apart from it. */
  readonly context: string;
  /** What is asked: a question, a goal, a sentence with a gap written `_`, or the beginning of a text. */
  readonly asked: string;
  /** How the answer is come to, where the set says it. */
  readonly reasoning?: string;
}

/** A question with choices, of which one is right. */
export interface ChoiceQuestion extends Asked {
  readonly choices: readonly string[];
  /** Which choice is right, counted from 0. */
  readonly gold: number;
  /** Of the beginning of a text, the unfinished sentence at its end, where the set has it apart. */
  readonly unfinished?: string;
}

/** A question that is answered by a number. */
export interface OpenQuestion extends Asked {
  readonly choices: null;
  /** The number as text. */
  readonly answer: string;
}

export type Question = ChoiceQuestion | OpenQuestion;
