/** Data and settings that `train` refuses: in one line that says what was met, what was expected and where, before anything is written. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { quick, table, workshop, write } from "../tiny-model.ts";
import { refusedHere } from "./refused.ts";

const cwd = workshop();

const sst2 = (rows: string) => `sentence\tlabel\n${rows}`;
const good = readFileSync(join(cwd, "sst2", "train.tsv"), "utf8");

/** Makes the folder data/NAME and gives the flags that read it as SST-2. */
function data(name: string, train: string, dev?: string): string[] {
  write(join(cwd, "data", name, "train.tsv"), train);
  if (dev !== undefined) write(join(cwd, "data", name, "dev.tsv"), dev);
  return ["--task", "sst2", "--data", join("data", name)];
}

/** Makes the file data/NAME and gives the flags that read it. */
function file(name: string, text: string): string[] {
  return ["--data", write(join(cwd, "data", name), text).slice(cwd.length + 1)];
}

const onSst2 = ["--task", "sst2", "--data", "sst2"];

const inputs: Readonly<Record<string, readonly [flags: readonly string[], message: string | RegExp]>> = {
  "a row with a field too few": [
    data("fields", sst2("so good\t1\nso bad 0\n")),
    'data/fields/train.tsv:3: the number of fields is 1, expected 2 as in "sentence, label"',
  ],
  "a quote that is not closed": [
    file("quote.csv", 'text,label\nfine,1\n"so good,1\n'),
    "data/quote.csv:3: a quote is opened and never closed",
  ],
  "a line that is no JSON": [
    file("cut.jsonl", '{"text": "so good", "label": 1}\n{"text": \n'),
    /^data\/cut.jsonl:2: malformed JSON/,
  ],
  "bytes that are no text": [
    [
      "--data",
      write(join(cwd, "data/latin.csv"), Buffer.from("text,label\ncaf\xe9,1\n", "latin1")).slice(cwd.length + 1),
    ],
    "data/latin.csv:2: bytes that are not UTF-8, expected UTF-8 text",
  ],
  "an unknown label in the validation file": [
    data("label", good, sst2("so good\t1\nso bad\tmaybe\n")),
    'data/label/dev.tsv:3: unknown label "maybe", expected one of negative, positive',
  ],
  "a label that training does not have": [
    [...file("labels.csv", "text,label\na,x\nb,y\n"), "--validation_file", file("more.csv", "text,label\nc,z\n")[1]!],
    'data/more.csv:2: unknown label "z", expected one of x, y',
  ],
  "a row without a label": [
    file("unlabelled.csv", "text,label\nso good,1\nso bad,\n"),
    'data/unlabelled.csv:3: no label in column "label"',
  ],
  "an empty file": [data("empty", ""), "data/empty/train.tsv: is empty"],
  "a header alone": [data("header", sst2("")), "data/header/train.tsv: no rows, expected at least one example"],
  "an empty validation file": [data("no-dev", good, ""), "data/no-dev/dev.tsv: is empty"],
  "a missing label column": [
    data("column", "sentence\tlable\nso good\t1\n"),
    "data/column/train.tsv: no label column label, found sentence, lable",
  ],
  "no column of text": [
    file("texts.csv", "a,label\nso good,1\n"),
    /^data\/texts.csv: no column of text among a, label/,
  ],
  "a named column that is not there": [
    ["--data", "reviews.csv", "--text_column", "txt"],
    'reviews.csv: no column "txt", expected one of text, label',
  ],
  "one label only": [
    file(
      "one.csv",
      table(
        ["text", "label"],
        [
          ["a", 1],
          ["b", 1],
        ],
        ",",
      ),
    ),
    'data/one.csv: one label, "1", in column "label", expected at least two',
  ],
  "one example, none to hold out": [
    ["--task", "sst2", ...file("single.tsv", sst2("so good\t1\n"))],
    "data/single.tsv: 1 examples, expected at least 2 to hold one out for validation",
  ],
  "a folder without a training file": [
    ["--data", "roberta"],
    "--data: roberta has no training file (train.tsv, train.csv, train.jsonl, train.parquet, train.txt), found config.json, model.safetensors, tokenizer.json",
  ],
  "data that is not there": [["--data", "nowhere"], "--data: no such file or folder: nowhere"],
  "a validation file that is not there": [
    ["--data", "reviews.csv", "--validation_file", "nowhere.csv"],
    "nowhere.csv: cannot be read: no such file or folder",
  ],
  "an unknown target module": [
    [...onSst2, "--target_modules", "qery"],
    'target_modules: no module is called "qery", nearest of 13: query, key, dense, value, self.query',
  ],
  "a rank above the matrix": [
    [...onSst2, "--rank", "17"],
    /^rank: 17 is above the 16 rows of roberta.encoder.layer.0.attention.self.query.weight \[16, 16\]$/,
  ],
  "an option of another method": [
    [...onSst2, "--method", "head", "--rank", "2"],
    "rank: the method head has no such option (it has none)",
  ],
  "an unknown method": [
    [...onSst2, "--method", "rocofd"],
    'method: unknown name "rocofd", nearest of 21: rocoft, lora, sft, head, adalora',
  ],
  "an unknown task": [
    ["--task", "sst3", "--data", "sst2"],
    'task: unknown name "sst3", nearest of 41: sst2, sst5, stsb, rte, subj',
  ],
  "a base in bits that there are none of": [
    [...onSst2, "--quantization", "int2"],
    'quantization: unknown name "int2", expected one of none, int8, int4',
  ],
  "an unknown way to select": [
    [...onSst2, "--select", "best"],
    'select: unknown name "best", nearest of 7: last, first, largest, smallest, mixed',
  ],
  "sequences above the positions": [
    [...onSst2, "--max_seq_length", "11"],
    "max_seq_length: 11 is above the 10 positions of the model",
  ],
  "sequences below the special tokens": [
    [...onSst2, "--max_seq_length", "1"],
    "roberta/tokenizer.json: maximum length 1, expected at least the 2 special tokens",
  ],
  "a metric that the task has not": [
    [...onSst2, "--metric_for_best_model", "f1"],
    'metric_for_best_model: "f1" is no score of sst2, expected one of loss, accuracy',
  ],
  "a text for a number": [[...onSst2, "--learning_rate", "fast"], 'learning_rate: "fast", expected number'],
  "a number out of range": [[...onSst2, "--learning_rate", "-1"], "learning_rate: -1, expected number to be >0"],
  "a fraction for a count": [[...onSst2, "--logging_steps", "1.5"], "logging_steps: 1.5, expected int"],
  "a fraction for a rank": [[...onSst2, "--rank", "1.5"], /^rank: .*expected int/],
  "no data": [[], /^data: missing; give --data /],
};

test.each(Object.entries(inputs))("train refuses %s", async (name, [flags, message]) => {
  const out = join("out", name);
  await refusedHere(cwd, ["train", "--model", "roberta", ...quick, ...flags, "--output_dir", out], message);
  expect(existsSync(join(cwd, out))).toBe(false);
});

test.each([
  [["--model", "three"], /^three: tensor classifier.weight has shape /],
  [["--model", "roberta", "--quantization", "int2"], /^quantization: unknown name "int2", /],
])("plan refuses what train refuses, before it begins: %s", (flags, message) =>
  refusedHere(cwd, ["plan", ...flags, ...onSst2, ...quick], message),
);
