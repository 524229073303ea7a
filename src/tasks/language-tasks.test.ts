/** Tasks that learn to write: which columns they read, and what they refuse. */
import { describe, expect, test } from "vitest";
import { readDataset } from "./read.ts";
import { openTask } from "./registry.ts";
import type { ColumnOptions } from "./task.ts";

const jsonl = (...rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const open = (task: string, text: string, options: ColumnOptions = {}, where = "train.jsonl") =>
  openTask(task, { where, text }, options);
const textsOf = (...args: Parameters<typeof open>) => open(...args).training.examples.map(({ texts }) => [...texts]);

test("causal language modelling reads texts as masked language modelling does", () => {
  expect(open("causal-language-model", "so good\n\nso bad\n", {}, "train.txt")).toMatchObject({
    task: {
      name: "causal-language-model",
      kind: "causal-language-model",
      textColumns: [["text"]],
      metricForBest: "loss",
    },
    training: { examples: [{ texts: ["so good"] }, { texts: ["so bad"] }] },
  });
});

const alpaca =
  "Below is an instruction that describes a task, paired with an input that provides further context. Write a response " +
  "that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n1 and 2\n\n### Response:\n";
const withoutInput =
  "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n" +
  "### Instruction:\nAdd.\n\n### Response:\n";

const exchange = (role: string, content: string) => [
  { [role]: "user", [content]: "1 + 2?" },
  { [role]: "assistant", [content]: "3" },
];

describe("prompts and completions", () => {
  test.each<[string, object, ColumnOptions, string[]]>([
    ["as they are", { prompt: "1 + 2 =", completion: " 3" }, {}, ["1 + 2 =", " 3"]],
    ["whatever the case", { Prompt: "1 + 2 =", Response: " 3" }, {}, ["1 + 2 =", " 3"]],
    ["Alpaca's", { instruction: "Add.", input: "1 and 2", output: "3" }, {}, [alpaca, "3"]],
    ["Alpaca's without input", { instruction: "Add.", input: "", output: "3" }, {}, [withoutInput, "3"]],
    ["Alpaca's without the column", { instruction: "Add.", response: "3" }, {}, [withoutInput, "3"]],
    ["GSM8K's", { question: "1 + 2?", answer: "3\n#### 3" }, {}, ["Question: 1 + 2?\nAnswer:", " 3\n#### 3"]],
    ["problems", { problem: "1 + 2?", solution: "3" }, {}, ["Question: 1 + 2?\nAnswer:", " 3"]],
    ["LLM-Adapters'", { instruction: "Add.", input: "", output: "3", answer: "3.0" }, {}, [withoutInput, "3"]],
    ["one exchange of messages", { messages: exchange("role", "content") }, {}, ["1 + 2?", "3"]],
    ["one exchange of ShareGPT's", { conversations: exchange("from", "value") }, {}, ["1 + 2?", "3"]],
    [
      "lists of messages",
      {
        prompt: [{ role: "system", content: "Add." }, exchange("role", "content")[0]],
        completion: [exchange("role", "content")[1]],
      },
      {},
      ["Add.\n\n1 + 2?", "3"],
    ],
    ["a pair before messages", { messages: [], prompt: "1 + 2 =", completion: " 3" }, {}, ["1 + 2 =", " 3"]],
    ["named columns", { a: "1 + 2 =", b: " 3" }, { textColumn: "a", labelColumn: "b" }, ["1 + 2 =", " 3"]],
    ["one named column", { prompt: "1 + 2 =", b: " 3" }, { labelColumn: "b" }, ["1 + 2 =", " 3"]],
    [
      "named before usual ones",
      { prompt: "1 + 2 =", completion: "", a: "2 + 1 =", b: " 3" },
      { textColumn: "a", labelColumn: "b" },
      ["2 + 1 =", " 3"],
    ],
  ])("%s", (_, row, options, texts) => {
    expect(textsOf("prompt-completion", jsonl(row, row), options)).toEqual([texts, texts]);
  });

  test("a further file is read by the same columns, in the same words", () => {
    const { task } = open("prompt-completion", jsonl({ question: "1 + 2?", answer: "3" }));
    expect(task.textColumns).toEqual([["question", "answer"]]);
    const more = { where: "dev.jsonl", text: jsonl({ question: "2 + 2?", answer: "4" }) };
    expect(readDataset(task, more).examples[0]!.texts).toEqual(["Question: 2 + 2?\nAnswer:", " 4"]);
  });

  test.each<[string, object, ColumnOptions, RegExp]>([
    [
      "no pair",
      { prompt: "a", text: "b" },
      {},
      /^train\.jsonl: no two columns of texts among prompt, text, expected prompt and completion, /,
    ],
    ["a column that is not there", { prompt: "a" }, { labelColumn: "b" }, /^train\.jsonl: no column "b"/],
    [
      "a second text",
      { prompt: "a" },
      { textColumn: "prompt", textPairColumn: "b" },
      /^prompt-completion: a text_pair_column given/,
    ],
    ["a number", { prompt: "a", completion: 3 }, {}, /^train\.jsonl:1: "3" in column "completion", expected a text$/],
    [
      "fields of another task",
      { messages: [], id: 1, labels: 2 },
      { labelColumn: "id" },
      /^train\.jsonl: no two columns of texts among messages, id, labels, expected prompt and completion, .*; messages is the field of conversations, for --task chat$/,
    ],
    [
      "a conversation of more turns",
      { messages: [...exchange("role", "content"), ...exchange("role", "content")] },
      {},
      /^train\.jsonl:1: turns of user, assistant, user, assistant, expected one of the user and one of the assistant; --task chat/,
    ],
    [
      "nothing to say",
      { prompt: "a", completion: " " },
      {},
      /^train\.jsonl:1: an empty text in column "completion", expected what is to be said$/,
    ],
  ])("refuses %s", (_, row, options, message) => {
    expect(() => open("prompt-completion", jsonl(row), options)).toThrow(message);
  });
});

test.each<[string, object, ColumnOptions]>([
  ["summaries", { document: "long", summary: "short", id: 1 }, {}],
  ["news", { article: "long", highlights: "short" }, {}],
  ["translations, named", { en: "long", fr: "short" }, { textColumn: "en", labelColumn: "fr" }],
])("sequence-to-sequence reads %s", (_, row, options) => {
  expect(textsOf("sequence-to-sequence", jsonl(row), options)).toEqual([["long", "short"]]);
});

describe("conversations", () => {
  const messages = [
    { role: "system", content: "Be kind." },
    { role: "user", content: "So?" },
    { role: "assistant", content: "Yes." },
  ];
  const shareGpt = [
    { from: "system", value: "Be kind." },
    { from: "human", value: "So?" },
    { from: "gpt", value: "Yes." },
  ];
  const conversationOf = (row: object, options: ColumnOptions = {}) =>
    open("chat", jsonl(row), options).training.examples[0]!.conversation;

  test.each<[string, object, ColumnOptions]>([
    ["role and content", { messages }, {}],
    ["from and value", { id: "x", conversations: shareGpt }, {}],
    ["a named column", { turns: messages }, { textColumn: "turns" }],
    ["no tools", { messages, tools: [] }, {}],
  ])("of %s", (_, row, options) => {
    expect(conversationOf(row, options)).toEqual({ messages, tools: null });
  });

  test("with tools, and turns that call them", () => {
    const tool_calls = [{ type: "function", function: { name: "sky", arguments: {} } }];
    const turns = [
      ...messages,
      { role: "assistant", content: null, tool_calls },
      { role: "observation", content: "blue" },
    ];
    const tools = [{ type: "function", function: { name: "sky" } }];
    expect(conversationOf({ messages: turns, tools })).toEqual({
      messages: [...messages, { role: "assistant", content: "", tool_calls }, { role: "tool", content: "blue" }],
      tools,
    });
  });

  test("in one array, each on its line", () => {
    const text = JSON.stringify([{ messages }, { messages: [...messages, { role: "user", content: 3 }] }], null, 1);
    const line = text.split("\n").findIndex((row, i) => i > 1 && row === " {") + 1;
    expect(() => open("chat", text, {}, "train.json")).toThrow(
      new Error(`train.json:${line}: turn 4: content "3", expected a text`),
    );
  });

  const said = (...texts: readonly string[]) =>
    texts.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));

  test.each<[string, object, ColumnOptions, object[]]>([
    ["prompt and completion", { prompt: "So?", completion: "Yes." }, {}, said("So?", "Yes.")],
    ["question and answer", { question: "So?", answer: "Yes." }, {}, said("So?", "Yes.")],
    ["named columns", { a: "So?", b: "Yes." }, { textColumn: "a", labelColumn: "b" }, said("So?", "Yes.")],
    [
      "lists of messages",
      { prompt: said("So?", "Yes.", "Why?"), completion: [{ role: "assistant", content: "Hm." }] },
      {},
      said("So?", "Yes.", "Why?", "Hm."),
    ],
    [
      "an instruction with its input",
      { instruction: "Add.", input: "1 and 2", output: "3" },
      {},
      said("Add.\n1 and 2", "3"),
    ],
    ["an instruction without", { instruction: "Add.", input: "", output: "3" }, {}, said("Add.", "3")],
    [
      "an instruction with a system's turn and a history",
      { instruction: "Why?", output: "Hm.", system: "Be kind.", history: [["So?", "Yes."]] },
      {},
      [{ role: "system", content: "Be kind." }, ...said("So?", "Yes.", "Why?", "Hm.")],
    ],
  ])("made of %s", (_, row, options, turns) => {
    expect(conversationOf(row, options)).toEqual({ messages: turns, tools: null });
  });

  test("with nothing to say are refused", () => {
    expect(() => open("chat", jsonl({ prompt: "a", completion: " " }))).toThrow(
      'train.jsonl:1: an empty text in column "completion", expected what is to be said',
    );
  });

  test.each<[string, unknown, string]>([
    ["no list", "hello", ': "hello", expected a conversation: a list of turns with role and content'],
    ["nothing", undefined, ": nothing, expected a conversation: a list of turns with role and content"],
    ["a turn that is none", ["hello"], ': turn 1: "hello", expected an object with role and content'],
    [
      "an unknown role",
      [{ role: "boss", content: "a" }],
      ': turn 1: role "boss", expected one of system, developer, user, human, assistant, gpt, model, function_call, tool, function, observation',
    ],
    ["a turn without text", [{ role: "user" }], ": turn 1: content nothing, expected a text"],
    [
      "nobody to learn from",
      [{ role: "user", content: "a" }],
      ": no turn of the assistant among 1, expected one at least",
    ],
  ])("refuses %s", (_, value, message) => {
    const rows = jsonl({ messages }, { messages: value, other: 1 });
    expect(() => open("chat", rows)).toThrow(new Error(`train.jsonl:2${message}`));
  });

  test("refuses a file without a column of them, and other columns", () => {
    expect(() => open("chat", jsonl({ text: "a" }))).toThrow(
      "train.jsonl: no column of conversations among text, expected one named messages, conversations, conversation, a prompt and what is said to it, or a given text_column; text is the field of texts, for --task causal-language-model",
    );
    expect(() => open("chat", jsonl({ messages }), { labelColumn: "b" })).toThrow(/^train\.jsonl: no column "b"/);
    expect(() => open("chat", jsonl({ messages }), { textColumn: "messages", textPairColumn: "b" })).toThrow(
      /^chat: a text_pair/,
    );
    expect(() => open("chat", jsonl({ messages, tools: "sky" }))).toThrow(
      'train.jsonl:1: "sky" in column "tools", expected a list',
    );
  });
});

test.each<[string, object, RegExp]>([
  ["text-classification", { conversations: [] }, /conversations is the field of conversations, for --task chat$/],
  [
    "causal-language-model",
    { instruction: "a", output: "b" },
    /instruction and output are the fields of prompts and completions, for --task prompt-completion$/,
  ],
  ["sequence-to-sequence", { text: "a" }, /; text is the field of texts, for --task causal-language-model$/],
])("%s names the task that the fields are of", (task, row, message) => {
  expect(() => open(task, jsonl(row))).toThrow(message);
});
