/** Conversations: lists of turns by role and content, or by from and value as ShareGPT has them; or a prompt and what is said to it. */
import type { Conversation, Message } from "../data/examples.ts";
import { isObject } from "../formats/json.ts";
import { quote } from "../formats/text.ts";
import { listed } from "./listed.ts";
import { conversationFields, exchangeFields, firstField, recognised } from "./records.ts";
import { findPair } from "./text-to-text.ts";
import { languageModelling, type TaskDefinition } from "./task.ts";

const name = "chat";

export const chat: TaskDefinition = {
  name,
  kind: name,
  forms: { textColumns: [], labelColumns: [], headerless: [] },
  resolve: ({ columns }, where, options) => {
    const task = { name, ...languageModelling(name), labelColumns: [], headerless: [] };
    const { textColumn, labelColumn } = options;
    const pair = findPair(name, exchangeFields, columns, where, options);
    const whole = textColumn ?? firstField(columns, conversationFields);
    if (whole !== undefined && labelColumn === undefined) return { ...task, textColumns: [[whole]] };
    if (pair) return { ...task, textColumns: [pair] };
    throw new Error(
      `${where}: no column of conversations among ${listed(columns)}, expected one named ${conversationFields.join(", ")}, a prompt and what is said to it, or a given text_column${recognised(columns)}`,
    );
  },
};

/** What data sets call the roles of a conversation. */
const roles: Readonly<Record<string, string>> = {
  system: "system",
  developer: "developer",
  user: "user",
  human: "user",
  assistant: "assistant",
  gpt: "assistant",
  model: "assistant",
  function_call: "assistant",
  tool: "tool",
  function: "tool",
  observation: "tool",
};

/**
 * A conversation as a row of JSON has it, with the tools in the row's column `tools`.
 * @throws Error beginning with `place` for what is no list of turns, an unknown role, or a turn without text.
 */
export function readConversation(value: unknown, tools: unknown, place: string): Conversation {
  if (!Array.isArray(value))
    throw new Error(`${place}: ${shown(value)}, expected a conversation: a list of turns with role and content`);
  const messages = value.map((turn, i) => readTurn(turn, `${place}: turn ${i + 1}`));
  if (!messages.some(({ role }) => role === "assistant"))
    throw new Error(`${place}: no turn of the assistant among ${messages.length}, expected one at least`);
  if (tools !== undefined && tools !== null && !Array.isArray(tools))
    throw new Error(`${place}: ${shown(tools)} in column "tools", expected a list`);
  return { messages, tools: Array.isArray(tools) && tools.length > 0 ? tools : null };
}

function readTurn(turn: unknown, place: string): Message {
  if (!isObject(turn)) throw new Error(`${place}: ${shown(turn)}, expected an object with role and content`);
  const { from, value, role: given = from, content = value, ...rest } = turn;
  const role = typeof given === "string" && Object.hasOwn(roles, given) ? roles[given] : undefined;
  if (role === undefined)
    throw new Error(`${place}: role ${shown(given)}, expected one of ${Object.keys(roles).join(", ")}`);
  // A turn that calls tools may say nothing besides.
  if ((content === null || content === undefined) && Array.isArray(rest["tool_calls"]))
    return { ...rest, role, content: "" };
  if (typeof content !== "string") throw new Error(`${place}: content ${shown(content)}, expected a text`);
  return { ...rest, role, content };
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : quote(typeof value === "string" ? value : JSON.stringify(value));
}
