/** Conversations by chat templates: text, tokens and the assistant's tokens equal to transformers'. */
import { describe, expect, test } from "vitest";
import { readJson } from "../../test/fixtures.ts";
import { chatTemplate } from "./chat-template.ts";
import { encodeConversations } from "./conversations.ts";
import type { Conversation, Message } from "./examples.ts";
import { createTokenizer, type Tokenizer } from "./tokenizer.ts";

interface Case {
  readonly template: string;
  readonly conversation: string;
  /** Why the template refuses the conversation; then the rest is not there. */
  readonly refused?: string;
  readonly text: string;
  /** The text with the generation prompt. */
  readonly prompt: string;
  readonly encoded: Readonly<Record<string, { readonly ids: number[]; readonly asked: number[] }>>;
}
const { config, templates, conversations, cases } = readJson<{
  readonly config: object;
  readonly templates: Readonly<Record<string, { readonly marked: string; readonly plain: string }>>;
  readonly conversations: Readonly<Record<string, Conversation>>;
  readonly cases: readonly Case[];
}>("chat", "cases.json");

const tokenizerNames = ["byte-level", "sentencepiece"];
const tokenizerOf = (name: string, template: unknown): Tokenizer =>
  createTokenizer(readJson("chat", `${name}.json`), { ...config, chat_template: template }, "tokenizer.json");
const encode = (tokenizer: Tokenizer, conversation: Conversation, maxLength = 1000) =>
  encodeConversations(
    { where: "chat.jsonl", examples: [{ line: 3, texts: [""], label: null, conversation }] },
    tokenizer,
    { maxLength },
  );

describe.each(cases.map((one) => [`${one.template}, ${one.conversation}`, one] as const))("%s", (_, expected) => {
  const { marked, plain } = templates[expected.template]!;
  const conversation = conversations[expected.conversation]!;
  const { messages, tools } = conversation;

  test.each([marked, plain])("renders as in transformers", (template) => {
    const { renderChat } = chatTemplate({ ...config, chat_template: template }, "model");
    if (expected.refused !== undefined) {
      expect(() => renderChat(messages, { tools })).toThrow(new Error(`model: chat_template: ${expected.refused}`));
      return;
    }
    expect(renderChat(messages, { tools })).toBe(expected.text);
    expect(renderChat(messages, { tools, addGenerationPrompt: true })).toBe(expected.prompt);
  });

  if (expected.refused !== undefined) return;
  test.each(tokenizerNames)("what the assistant says is asked for, marked in the template or not: %s", (name) => {
    for (const template of [marked, plain]) {
      const [encoding] = encode(tokenizerOf(name, template), conversation).encodings;
      expect([...encoding!.ids]).toEqual(expected.encoded[name]!.ids);
      expect([...encoding!.asked!].join("")).toBe(expected.encoded[name]!.asked.join(""));
    }
  });
});

const turn = (role: string, content: string): Message => ({ role, content });
const talk = (...turns: readonly (readonly [string, string])[]): Conversation => ({
  messages: turns.map(([role, content]) => turn(role, content)),
  tools: null,
});
const simple = talk(["user", "So?"], ["assistant", "Yes, so."]);

describe("a template without marks that does not render turn by turn is refused", () => {
  /** Only the last answer is whole. */
  const shortening =
    "{% for m in messages %}{{ m.role }}: {% if m.role == 'assistant' and not loop.last %}…{% else %}{{ m.content }}{% endif %}\n" +
    "{% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";
  /** The generation prompt has what no rendered answer has. */
  const thinking =
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}" +
    "{% if add_generation_prompt %}{{ 'assistant: <think>' }}{% endif %}";
  const wayOut =
    "do not begin the whole conversation; put {% generation %} and {% endgeneration %} around what the assistant says " +
    "in chat_template.jinja";

  test.each([
    ["earlier answers change", shortening, "the first 2 turns"],
    ["answers begin otherwise", thinking, "the first 1 turns, with the generation prompt,"],
  ])("%s", (_, template, what) => {
    const two = talk(["user", "So?"], ["assistant", "Yes."], ["user", "Sure?"], ["assistant", "No."]);
    expect(() => encode(tokenizerOf("byte-level", template), two)).toThrow(
      new Error(`chat.jsonl:3: the chat template does not tell the assistant's tokens: ${what} ${wayOut}`),
    );
  });

  test("with marks it is taken", () => {
    const marked = thinking.replace("{{ m.content }}", "{% generation %}{{ m.content }}{% endgeneration %}");
    expect(encode(tokenizerOf("byte-level", marked), simple).encodings[0]!.asked!.includes(1)).toBe(true);
  });
});

test("a template that renders nothing of the assistant is refused", () => {
  const template = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}";
  expect(() => encode(tokenizerOf("byte-level", template), simple)).toThrow(
    new Error("chat.jsonl:3: the chat template renders nothing that the assistant says"),
  );
});

test("what is too long is cut at its right; where nothing asked for is left, it is left out and counted", () => {
  const tokenizer = tokenizerOf("byte-level", templates["ChatML"]!.marked);
  const [whole] = encode(tokenizer, simple).encodings;
  const first = whole!.asked!.indexOf(1);
  const { encodings, truncated, skipped } = encode(tokenizer, simple, first + 2);
  expect([...encodings[0]!.ids]).toEqual([...whole!.ids.slice(0, first + 2)]);
  expect([encodings[0]!.removed, truncated, skipped]).toEqual([whole!.ids.length - first - 2, 1, 0]);
  const two = [simple, talk(["user", "So?".repeat(20)], ["assistant", "Yes."])];
  const examples = two.map((conversation, i) => ({ line: i + 1, texts: [""] as const, label: null, conversation }));
  const some = encodeConversations({ where: "chat.jsonl", examples }, tokenizer, { maxLength: first + 2 });
  expect([some.encodings.length, [...some.lines], some.skipped]).toEqual([1, [1], 1]);
  expect(() => encode(tokenizer, simple, first)).toThrow(
    new Error("chat.jsonl: no example has a token that carries loss within max_seq_length, which is too short"),
  );
});

describe("the template of a tokenizer_config.json", () => {
  test("is the one called default of several", () => {
    const named = [
      { name: "tool_use", template: "tools" },
      { name: "default", template: "{{ messages[0].content }}" },
    ];
    expect(tokenizerOf("byte-level", named).chatTemplate().renderChat(simple.messages)).toBe("So?");
  });

  test.each<[string, unknown, string]>([
    [
      "none",
      null,
      "no chat_template, nor a chat_template.jinja beside it; the model's instruction-tuned version has one",
    ],
    ["what is no template", "{% for m in %}", "chat_template: Unexpected token: CloseStatement"],
    ["what refuses the turns", "{{ raise_exception('no\nway') }}", "chat_template: no way"],
  ])("%s", (_, template, message) => {
    const tokenizer = tokenizerOf("byte-level", template);
    expect(() => tokenizer.chatTemplate().renderChat(simple.messages)).toThrow(
      new Error(`tokenizer.json: its tokenizer_config.json: ${message}`),
    );
  });

  test("knows special tokens by their roles, as texts or as objects", () => {
    const { renderChat } = chatTemplate(
      {
        bos_token: { content: "<s>", special: true },
        eos_token: "</s>",
        chat_template: "{{ bos_token }}{{ eos_token }}",
      },
      "model",
    );
    expect(renderChat([])).toBe("<s></s>");
  });
});
