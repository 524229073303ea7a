import { expect, test } from "vitest";
import { openTask, taskNamed, tasks } from "./registry.ts";

test("every task carries its own name", () => {
  expect(Object.entries(tasks).map(([name, task]) => [name, task.name])).toEqual(
    Object.keys(tasks).map((name) => [name, name]),
  );
  expect(Object.keys(tasks)).toEqual([
    "sst2",
    "cola",
    "mrpc",
    "qqp",
    "stsb",
    "mnli",
    "qnli",
    "rte",
    "mr",
    "cr",
    "mpqa",
    "subj",
    "trec",
    "sst5",
    "ag_news",
    "snli",
    "boolq",
    "piqa",
    "social_i_qa",
    "hellaswag",
    "winogrande",
    "arc_easy",
    "arc_challenge",
    "openbookqa",
    "gsm8k",
    "addsub",
    "multiarith",
    "singleeq",
    "svamp",
    "aqua",
    "xsum",
    "cnn_dailymail",
    "scitldr",
    "squad",
    "squad_v2",
    "text-classification",
    "masked-language-model",
    "causal-language-model",
    "prompt-completion",
    "chat",
    "sequence-to-sequence",
  ]);
  expect(taskNamed("rte")).toBe(tasks.rte);
});

test("an unknown name is answered with near ones", () => {
  expect(() => taskNamed("sst-2")).toThrow(/^unknown task "sst-2", nearest of 41: sst2, /);
  expect(() => taskNamed("toString")).toThrow('unknown task "toString"');
  expect(() => openTask("", { where: "x.tsv", text: "" })).toThrow('unknown task ""');
});
