import { expect, test } from "vitest";
import { parseTemplate, textsIn } from "../data/template.ts";
import { asPrompt, prompts } from "./prompts.ts";
import { openTask, type TaskName, tasks } from "./registry.ts";
import type { Task } from "./task.ts";

const none = { template: null, mapping: null };
const known = (name: TaskName): Task => tasks[name].resolve({ columns: [], rows: [] }, "", {});
const own = (): Task => openTask("text-classification", { where: "x.csv", text: "text,label\na,spam\nb,ham\n" }).task;

// As LM-BFF's table 1 and the run files of its code have them.
test.each<[TaskName, string, Record<string, string>]>([
  ["sst2", "*cls**sent_0*_It_was*mask*.*sep+*", { negative: "terrible", positive: "great" }],
  ["trec", "*cls**mask*:*+sent_0**sep+*", { expression: "Expression", number: "Number" }],
  ["mnli", "*cls**sent-_0*?*mask*,*+sentl_1**sep+*", { contradiction: "No", entailment: "Yes", neutral: "Maybe" }],
  ["mrpc", "*cls**sent_0**mask*,*+sentl_1**sep+*", { not_equivalent: "No", equivalent: "Yes" }],
  ["ag_news", "*cls**sent_0*_This_article_is_about*mask*_news.*sep+*", { "Sci/Tech": "tech" }],
])("%s has LM-BFF's prompt", (name, template, words) => {
  const task = asPrompt(known(name), none);
  expect(task).toMatchObject({ name, kind: "prompt-classification", prompt: { template, words } });
  expect(task.labels).toEqual(known(name).labels);
});

test("every prompt has a word for each class, and reads the texts that the task has", () => {
  for (const [name, { template, words }] of Object.entries(prompts)) {
    const { labels, textColumns } = known(name as TaskName);
    expect(Object.keys(words).toSorted(), name).toEqual(labels!.toSorted());
    expect(new Set(Object.values(words)).size, name).toBe(labels!.length);
    expect(textsIn(parseTemplate(template)), name).toBe(textColumns[0]!.length);
  }
});

test("a template and words in place of the task's own", () => {
  const template = "*cls**sent_0**mask**sep*";
  expect(asPrompt(known("mr"), { ...none, template }).prompt).toEqual({ template, words: prompts.mr.words });
  const { prompt } = asPrompt(known("mr"), { ...none, mapping: "1:good,negative:bad" });
  expect(prompt).toEqual({ ...prompts.mr, words: { positive: "good", negative: "bad" } });
});

test("a data set of one's own, whose classes are named as they are", () => {
  const template = "*cls**sent_0*_Is_it*mask*?*sep*";
  const { prompt, labels } = asPrompt(own(), { template, mapping: "spam:bad,ham:good" });
  expect(labels).toEqual(["ham", "spam"]);
  expect(prompt).toEqual({ template, words: { spam: "bad", ham: "good" } });
});

const template = "*cls**sent_0**mask**sep*";
test.each<[string, () => Task, { template: string | null; mapping: string | null }, string]>([
  ["a task of numbers", () => known("stsb"), none, "prompt: stsb is regression, expected a classification"],
  [
    "a language model",
    () => openTask("causal-language-model", { where: "x.txt", text: "a" }).task,
    none,
    "prompt: causal-language-model is causal-language-model, expected",
  ],
  [
    "no template",
    own,
    { ...none, mapping: "spam:a,ham:b" },
    "template: missing; text-classification has no prompt of its own",
  ],
  ["no words", own, { ...none, template }, "mapping: missing; text-classification has no prompt of its own"],
  [
    "two texts of one",
    own,
    { template: "*sent_0**mask**sent_1*", mapping: "spam:a,ham:b" },
    "template: reads 2 texts, but an example of text-classification has 1",
  ],
  [
    "an unknown class",
    own,
    { template, mapping: "spam:a,hum:b" },
    'mapping: unknown label "hum", expected one of ham, spam',
  ],
  [
    "ids where classes have none",
    own,
    { template, mapping: "0:a,1:b" },
    'mapping: unknown label "0", expected one of ham, spam',
  ],
  [
    "a class without a word",
    own,
    { template, mapping: "spam:a" },
    "mapping: no word for ham, expected one for each label",
  ],
  [
    "a class with two words",
    () => known("sst2"),
    { template, mapping: "0:a,negative:b,1:c" },
    "mapping: two words for negative",
  ],
  ["no template at all", () => known("sst2"), { ...none, template: "*cls*" }, "template: no mask in"],
])("refuses %s", (_, task, options, message) => expect(() => asPrompt(task(), options)).toThrow(message));
