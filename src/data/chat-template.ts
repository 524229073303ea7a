/** Conversations as a model reads them: rendered by the Jinja template that comes with its tokenizer. */
import { Template } from "@huggingface/jinja";
import * as z from "zod";
import type { Conversation, Message } from "./examples.ts";
import { parse } from "./parse.ts";

export interface RenderOptions {
  /** Whether what begins an answer of the assistant follows the last turn; not unless given. */
  readonly addGenerationPrompt?: boolean;
  readonly tools?: Conversation["tools"];
}

/** A rendered conversation, and the ranges of its text that the assistant says, each from its begin to before its end. */
export interface RenderedTurns {
  readonly text: string;
  readonly spans: readonly (readonly [begin: number, end: number])[];
}

export interface ChatTemplate {
  /**
   * The text of a conversation, special tokens included: nothing is to be put around it.
   * @throws Error in one line when the template refuses it.
   */
  renderChat(messages: readonly Message[], options?: RenderOptions): string;
  /**
   * The same, with what the assistant says: what stands in the template's `{% generation %}` blocks, or where it has none,
   * what each turn of the assistant adds to the turns before it.
   * @param where the conversation's place, for errors
   * @throws Error in one line when the template refuses it, or does not render the turns one after the other.
   */
  renderTurns(conversation: Conversation, where: string): RenderedTurns;
}

const namedTemplate = z.looseObject({ name: z.string(), template: z.string() });
const specialToken = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const roles = ["bos", "eos", "unk", "pad", "sep", "cls", "mask"].map((role) => `${role}_token`);
const chatConfig = z.looseObject({
  chat_template: z.union([z.string(), z.array(namedTemplate)]).nullish(),
  ...Object.fromEntries(roles.map((role) => [role, specialToken])),
});

/**
 * The chat template of a parsed tokenizer_config.json, named `where` in errors; the one called `default` of several.
 * @throws Error in one line when there is none, or it is no template.
 */
export function chatTemplate(tokenizerConfig: unknown, where: string): ChatTemplate {
  const { chat_template: given, ...config } = parse(chatConfig, tokenizerConfig, where);
  const source = typeof given === "string" ? given : given?.find(({ name }) => name === "default")?.template;
  if (source === undefined)
    throw new Error(
      `${where}: no chat_template, nor a chat_template.jinja beside it; the model's instruction-tuned version has one`,
    );
  return templateOf(source, specialTokens(config), where);
}

function specialTokens(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = roles.flatMap((role): [string, string][] => {
    const token = parse(specialToken, config[role], role);
    return token === undefined || token === null ? [] : [[role, typeof token === "string" ? token : token.content]];
  });
  return Object.fromEntries(named);
}

/** What the tags of a generation block leave in the text: noncharacters, which no text has. */
const BEGIN = "\ufdd0";
const END = "\ufdd1";
const generationTag = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g;

/** The tags as others that take the same whitespace away and leave a mark. */
function withMarks(source: string): string {
  return source.replaceAll(
    generationTag,
    (_, left: string, end: string | undefined, right: string) =>
      `{%${left} if true %}${end ? END : BEGIN}{% endif ${right}%}`,
  );
}

function templateOf(source: string, tokens: Readonly<Record<string, string>>, where: string): ChatTemplate {
  const template = inOneLine(where, () => new Template(withMarks(source)));
  const hasBlocks = source.search(generationTag) >= 0;
  const render = (messages: readonly Message[], { addGenerationPrompt = false, tools = null }: RenderOptions): string =>
    inOneLine(where, () =>
      template.render({ ...tokens, messages, tools, documents: null, add_generation_prompt: addGenerationPrompt }),
    );
  return {
    renderChat: (messages, options = {}) => {
      const text = render(messages, options);
      return hasBlocks ? readMarks(text).text : text;
    },
    renderTurns: (conversation, place) =>
      hasBlocks
        ? readMarks(render(conversation.messages, { tools: conversation.tools }))
        : turnByTurn(render, conversation, place),
  };
}

function inOneLine<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : String(error);
    throw new Error(`${where}: chat_template: ${reason}`, { cause: error });
  }
}

/** The text without its marks, and the ranges between them. */
function readMarks(marked: string): RenderedTurns {
  const spans: [number, number][] = [];
  let text = "";
  for (const piece of marked.split(END)) {
    const [before = "", said] = piece.split(BEGIN);
    text += before;
    if (said === undefined) continue;
    spans.push([text.length, text.length + said.length]);
    text += said;
  }
  return { text, spans };
}

type Render = (messages: readonly Message[], options: RenderOptions) => string;

function turnByTurn(render: Render, { messages, tools }: Conversation, where: string): RenderedTurns {
  const text = render(messages, { tools });
  const lengthOf = (count: number, addGenerationPrompt: boolean): number => {
    const beginning = render(messages.slice(0, count), { tools, addGenerationPrompt });
    if (text.startsWith(beginning)) return beginning.length;
    throw new Error(
      `${where}: the chat template does not tell the assistant's tokens: the first ${count} turns` +
        `${addGenerationPrompt ? ", with the generation prompt," : ""} do not begin the whole conversation; put ` +
        "{% generation %} and {% endgeneration %} around what the assistant says in chat_template.jinja",
    );
  };
  const turns = messages.flatMap(({ role }, i) => (role === "assistant" ? [i] : []));
  return { text, spans: turns.map((i) => [lengthOf(i, true), lengthOf(i + 1, false)] as const) };
}
