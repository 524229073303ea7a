/** LLM-Adapters' wordings of questions with choices (Hu et al. 2023), written and read again. */

/** `{opening}{asked}\n\nAnswer1: …{between}Answer2: …{closing}Answer format: answer1/answer2` */
export interface ChoiceWording {
  readonly opening: string;
  /** What a choice is called, in lower case. */
  readonly name: string;
  readonly between: string;
  readonly closing: string;
}

const FORMAT = "Answer format: ";

/** What the choices are called: `answer1`, `answer2`, … */
export function choiceNames({ name }: ChoiceWording, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${name}${i + 1}`);
}

export function wordChoices(wording: ChoiceWording, asked: string, choices: readonly string[]): string {
  const { opening, between, closing } = wording;
  const shown = choices.map((choice, i) => `${heading(wording, i)}${choice}`).join(between);
  return `${opening}${asked}\n\n${shown}${closing}${FORMAT}${choiceNames(wording, choices.length).join("/")}`;
}

/** What is asked and the choices of an instruction in this wording; null where it is in another. */
export function readChoices(
  wording: ChoiceWording,
  instruction: string,
): { readonly asked: string; readonly choices: readonly string[] } | null {
  const { opening, between, closing } = wording;
  const end = instruction.lastIndexOf(`${closing}${FORMAT}`);
  const first = instruction.indexOf(`\n\n${heading(wording, 0)}`);
  if (!instruction.startsWith(opening) || first < 0 || end < first) return null;
  const count = instruction.slice(end + closing.length + FORMAT.length).split("/").length;
  const choices: string[] = [];
  let rest = instruction.slice(first + 2 + heading(wording, 0).length, end);
  for (let i = 1; i < count; i++) {
    const mark = `${between}${heading(wording, i)}`;
    const next = rest.indexOf(mark);
    if (next < 0) return null;
    choices.push(rest.slice(0, next));
    rest = rest.slice(next + mark.length);
  }
  const asked = instruction.slice(opening.length, first);
  const read = { asked, choices: [...choices, rest] };
  return wordChoices(wording, asked, read.choices) === instruction ? read : null;
}

function heading({ name }: ChoiceWording, i: number): string {
  return `${name[0]!.toUpperCase()}${name.slice(1)}${i + 1}: `;
}
