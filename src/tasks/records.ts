/** The records that data sets for language models are made of, told by the names of their fields. */

/** Fields of one who asks and one who answers, or of a text and what follows it. */
export type PairFields = readonly [given: string, wanted: string];

/** Of a conversation, in order of preference, compared without regard to case. */
export const conversationFields: readonly string[] = ["messages", "conversations", "conversation"];

/** Of prompts, instructions and questions with what is said to them, in order of preference, compared without regard to case. */
export const exchangeFields: readonly PairFields[] = [
  ["prompt", "completion"],
  ["prompt", "response"],
  ["prompt", "answer"],
  ["prompt", "output"],
  ["instruction", "output"],
  ["instruction", "response"],
  ["instruction", "completion"],
  ["instruction", "answer"],
  ["question", "answer"],
  ["question", "response"],
  ["problem", "solution"],
  ["problem", "answer"],
  ["query", "response"],
  ["query", "answer"],
];

/** Of what an instruction is about, which may be empty. */
export const inputFields: readonly string[] = ["input", "context"];

const textFields: readonly string[] = ["text"];

/** The one of `columns` that is called `name`, whatever its case. */
function fieldNamed(columns: readonly string[], name: string): string | undefined {
  return columns.find((column) => column.toLowerCase() === name);
}

/** The first of the fields `names` among `columns`. */
export function firstField(columns: readonly string[], names: readonly string[]): string | undefined {
  return names.map((name) => fieldNamed(columns, name)).find((found) => found !== undefined);
}

/** The first of the `pairs` of which both are among `columns`, those that are `named` standing in their places. */
export function firstPair(
  columns: readonly string[],
  pairs: readonly PairFields[],
  named: { readonly given?: string | undefined; readonly wanted?: string | undefined } = {},
): PairFields | undefined {
  for (const [first, second] of pairs) {
    const given = named.given ?? fieldNamed(columns, first);
    const wanted = named.wanted ?? fieldNamed(columns, second);
    if (given !== undefined && wanted !== undefined && given !== wanted) return [given, wanted];
  }
  return undefined;
}

/**
 * What records of these columns are, and by which task they are learned, as the end of an error says it; nothing where they are
 * of no kind that is known.
 */
export function recognised(columns: readonly string[]): string {
  const conversation = firstField(columns, conversationFields);
  if (conversation !== undefined) return `; ${conversation} is the field of conversations, for --task chat`;
  const pair = firstPair(columns, exchangeFields);
  if (pair) return `; ${pair.join(" and ")} are the fields of prompts and completions, for --task prompt-completion`;
  const text = firstField(columns, textFields);
  return text === undefined ? "" : `; ${text} is the field of texts, for --task causal-language-model`;
}
