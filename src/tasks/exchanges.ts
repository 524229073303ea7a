/** Prompts and what is said to them as conversations, and conversations as prompts and what is said to them. */
import type { Conversation, Texts } from "../data/examples.ts";
import { quote } from "../formats/text.ts";
import { readConversation } from "./chat.ts";
import { inputFields, type PairFields } from "./records.ts";

type Values = Readonly<Record<string, unknown>>;

/**
 * A prompt and what is said to it, as a conversation. Either may be a list of turns already. What an instruction is about stands on a
 * line below it; a column `system` is the first turn, and those of `history`, pairs of texts, stand before the last.
 * @throws Error beginning with `place` for what is no conversation.
 */
export function conversationOf(values: Values, [given, wanted]: PairFields, place: string): Conversation {
  const { system, history, [wanted]: said } = values;
  if (typeof said === "string" && said.trim() === "")
    throw new Error(`${place}: an empty text in column ${quote(wanted)}, expected what is to be said`);
  const begin = isText(system) ? [{ role: "system", content: system }] : [];
  const before = Array.isArray(history) ? history.flatMap((pair: unknown) => turnsOf(pair)) : [];
  const asked = turns("user", withInput(values[given], given, values));
  return readConversation([...begin, ...before, ...asked, ...turns("assistant", said)], values["tools"], place);
}

/**
 * The prompt and the completion of a conversation: one turn of the user and one of the assistant, perhaps behind one of the system.
 * @throws Error beginning with `place` for any other.
 */
export function exchangeOf({ messages }: Conversation, place: string): Texts {
  const roles = messages.map(({ role }) => role);
  const isExchange = /^((system|developer) )?user assistant$/.test(roles.join(" "));
  if (!isExchange)
    throw new Error(
      `${place}: turns of ${roles.join(", ")}, expected one of the user and one of the assistant; --task chat reads all conversations`,
    );
  const texts = messages.map(({ content }) => content);
  return [texts.slice(0, -1).join("\n\n"), texts.at(-1)!];
}

function turns(role: string, content: unknown): readonly unknown[] {
  return Array.isArray(content) ? content : [{ role, content }];
}

function turnsOf(pair: unknown): readonly unknown[] {
  const [asked, said] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
  return [...turns("user", asked), ...turns("assistant", said)];
}

function withInput(asked: unknown, column: string, values: Values): unknown {
  const input = inputFields.map((field) => values[field]).find(isText);
  return column.toLowerCase() === "instruction" && isText(asked) && input !== undefined ? `${asked}\n${input}` : asked;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
