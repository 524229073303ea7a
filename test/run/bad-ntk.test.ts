/** Kernel studies that are refused in one line, before anything is written. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { fineTune, kernelStudy } from "../../src/node.ts";
import { makeTinyModel, reviews, table, workshop, write } from "../tiny-model.ts";
import { lastOf } from "./ntk-workshop.ts";
import { listing, refusedHere } from "./refused.ts";

const cwd = workshop();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const shared = { model: path("roberta"), task: "sst2", data: path("sst2"), max_seq_length: 10, threads: 1 } as const;

beforeAll(async () => {
  // Of the same shapes, and all of its weights are 0.
  makeTinyModel(path("zeros"), "roberta-classification");
  const file = path("zeros", "model.safetensors");
  const { size } = statSync(file);
  truncateSync(file, 8 + Number(readFileSync(file).readBigUInt64LE(0)));
  truncateSync(file, size);
  const training = fineTune({ ...shared, max_steps: 1, method: "houlsby", output_dir: path("houlsby") });
  await lastOf(training);
  await kernelStudy({ ...shared, shots: 2, seeds: [13], kernel_solver: ["svm"], output_dir: path("study") });
});

const flags = ["ntk", "--model", "zeros", "--task", "sst2", "--data", "sst2", "--max_seq_length", "10"];
const few = ["--shots", "4"];
const own = ["--task", "text-classification", "--data"];

/** A file with rows of two classes, so many of each. */
const csv = (name: string, good: number, bad: number) => {
  const rows = [true, false].flatMap((isGood) =>
    reviews(4000, 5)
      .filter((review) => review.good === isGood)
      .slice(0, isGood ? good : bad)
      .map(({ text }) => [`"${text}"`, isGood ? "good" : "bad"]),
  );
  write(path(name), table(["text", "label"], rows, ","));
  return [...own, name];
};

describe("refused", () => {
  test.each<[string, readonly string[], string | RegExp]>([
    ["an unknown set", ["--parameters", "rows"], /^rows: method: unknown method "rows", nearest of \d+: /],
    [
      "an unknown option of a set",
      ["--compare", "rocoft:rnk=1"],
      /^rocoft:rnk=1: unknown option of rocoft "rnk", nearest of \d+: rank, /,
    ],
    [
      "an option that does not fit",
      ["--compare", "rocoft:update=diagonal"],
      'rocoft:update=diagonal: update: unknown name "diagonal", expected one of row, column, both, entries',
    ],
    [
      "an option that does not fit the model",
      ["--compare", "lora:target_modules=layer"],
      /^lora:target_modules=layer: target_modules: /,
    ],
    [
      "a base in bits that there are none of",
      ["--quantization", "int2"],
      'quantization: unknown name "int2", expected one of none, int8, int4',
    ],
    ["a set twice", ["--compare", "head", "head"], "compare: head stands twice, expected each once"],
    [
      "a set of which nothing is left",
      ["--compare", "head", "--exclude_head"],
      "head: nothing of what it trains is left to differentiate",
    ],
    [
      "a method that needs more positions than the model has",
      ["--compare", "prompt_tuning:num_virtual_tokens=4"],
      /^prompt_tuning:num_virtual_tokens=4: max_seq_length: 10 is above the /,
    ],
    [
      "classifiers of a kernel that is not symmetric",
      ["--kernel_formula", "asymmetric_signgd"],
      /^kernel_formula: kernels of asymmetric_signgd are not symmetric, /,
    ],
    [
      "several splits of data that is not drawn from",
      ["--seeds", "1", "2"],
      "seeds: several splits are drawn by --shots, expected that flag with them",
    ],
    ["a seed that is none", [...few, "--seeds", "1,x"], 'seeds: "x", expected number'],
    [
      "a class of too few examples to draw from",
      ["--shots", "12"],
      /^sst2\/train\.tsv: \d+ examples of (negative|positive), expected at least 24, 12 to learn from and 12 to validate on$/,
    ],
    [
      "a class of one example",
      [...csv("one.csv", 20, 1), "--validation_file", "one.csv"],
      /one\.csv: 1 training inputs of bad, expected at least 2 for kernel classifiers$/,
    ],
    [
      "one shot, with kernel classifiers",
      ["--shots", "1"],
      /train\.tsv: 1 training inputs of negative, expected at least 2 for kernel classifiers$/,
    ],
    [
      "regression",
      ["--model", "bert", ...own, "scores.jsonl"],
      "task: text-classification teaches no classes, expected a classification",
    ],
    ["a regression by its name", ["--task", "stsb"], "task: stsb teaches no classes, expected a classification"],
    [
      "language modelling",
      ["--task", "masked-language-model"],
      "task: masked-language-model teaches no classes, expected a classification",
    ],
    [
      "one output of three classes",
      ["--model", "three", ...own, "three.csv", "--binary_classification"],
      "binary_classification: text-classification has 3 classes, expected 2",
    ],
    [
      "a kernel too large to learn from",
      [...csv("many.csv", 1300, 1300), "--memory_mib", "100000"],
      "data: a kernel of 2340 training inputs by 2 outputs, expected 4000 of both together at most; --shots or --max_train_samples takes fewer",
    ],
    [
      // (360 + 40) · 2 · 360 · 2 numbers of 8 bytes are 4.39 MiB.
      "kernels that memory does not hold",
      [...csv("some.csv", 200, 200), "--memory_mib", "8", "--compare", "head"],
      "memory_mib: 8, the kernels of 2 sets with 360 training and 40 test inputs alone take 9",
    ],
    [
      "a test file without labels",
      ["--test_file", write(path("bare.tsv"), "sentence\nso good\n")],
      `${path("bare.tsv")}: no label column label, found sentence`,
    ],
    [
      "a test file of other labels",
      ["--test_file", write(path("odd.tsv"), "sentence\tlabel\nso good\t2\n")],
      `${path("odd.tsv")}:2: unknown label "2", expected one of negative, positive`,
    ],
    [
      "a test file without rows",
      ["--test_file", write(path("none.tsv"), "sentence\tlabel\n")],
      /^\S+none\.tsv: no (rows|examples)/,
    ],
    ["a test file that is not there", ["--test_file", "nowhere.tsv"], /^nowhere\.tsv: cannot be read: /],
    ["data that is not there", ["--data", "nowhere"], "--data: no such file or folder: nowhere"],
    [
      "sequences above the positions",
      ["--max_seq_length", "11"],
      "max_seq_length: 11 is above the 10 positions of the model",
    ],
    [
      "a split's folder without training data",
      ["--data", "partial", "--shots", "4", "--seeds", "13"],
      "--data: partial/4-13 has no training file (train.tsv, train.csv, train.jsonl, train.parquet, train.txt), found dev.tsv",
    ],
    [
      "drift after the last step",
      [...few, "--fine_tune", "--drift_steps", "201"],
      "full: drift_steps: 201, expected at most the 200 steps of the training",
    ],
    [
      "a folder that is no adapter",
      ["--adapter", "sst2", "--parameters", "adapter"],
      /^sst2: no adapter_config\.json, expected a run folder/,
    ],
    [
      "another set at an adapter that cannot be merged",
      ["--adapter", "houlsby", "--parameters", "adapter", "--compare", "full"],
      /^full: begins at merged weights, but houlsby cannot be merged: /,
    ],
    [
      "an adapter over a base in few bits",
      ["--adapter", "houlsby", "--parameters", "adapter", "--quantization", "int8"],
      "quantization: int8, expected none with --adapter, whose point is one of float32 weights",
    ],
    [
      "an adapter of another model",
      ["--adapter", "houlsby", "--parameters", "adapter"],
      "zeros: not the base model that houlsby was trained on (it has another SHA-256)",
    ],
    [
      "a word that the tokenizer does not know",
      ["--model", "mlm", "--prompt"],
      'mapping: the tokenizer does not know the word "terrible", expected one of a single token',
    ],
    [
      "an output folder that cannot be one",
      ["--output_dir", "reviews.csv"],
      /^reviews\.csv: cannot be used for output: /,
    ],
  ])("%s", async (_, more, message) => {
    await refusedHere(cwd, [...flags, "--output_dir", "out", ...more], message);
    expect(existsSync(path("out"))).toBe(false);
  });
});

beforeAll(() => {
  makeTinyModel(path("mlm"), "roberta-mlm");
  write(path("partial", "train.tsv"), "sentence\tlabel\nso good\t1\n");
  write(path("partial", "4-13", "dev.tsv"), "sentence\tlabel\nso good\t1\n");
  const three = reviews(30, 1).map(({ text }, i) => [`"${text}"`, ["a", "b", "c"][i % 3]]);
  write(path("three.csv"), table(["text", "label"], three, ","));
});

describe("an output folder that is something else's is left as it is", () => {
  const kept = (folder: string) => listing(path(folder)).map((file) => [file, existsSync(path(folder, file))]);

  test.each([
    ["files", "sst2", /^sst2: holds files already; give another folder, or --overwrite_output_dir to write into it$/],
    ["a model", "roberta", /^roberta\/config\.json: is not that of a kernel study, expected another folder to write$/],
    ["a run", "houlsby", /^houlsby\/config\.json: is not that of a kernel study, expected another folder to write$/],
  ])("%s", async (_, folder, message) => {
    const before = kept(folder);
    const config = existsSync(path(folder, "config.json")) && readFileSync(path(folder, "config.json"), "utf8");
    await refusedHere(cwd, [...flags, "--output_dir", folder], message);
    if (config) await refusedHere(cwd, [...flags, "--output_dir", folder, "--overwrite_output_dir"], message);
    expect(kept(folder)).toEqual(before);
    if (config) expect(readFileSync(path(folder, "config.json"), "utf8")).toBe(config);
  });
});

describe("a damaged study is refused by the name of the file", () => {
  const input = { ...shared, shots: 2, seeds: [13], kernel_solver: ["svm"] } as const;
  const truncate = (bytes: number) => (file: string) => truncateSync(file, bytes);
  const replace = (pattern: RegExp, text: string) => (file: string) =>
    writeFileSync(file, readFileSync(file, "latin1").replace(pattern, text), "latin1");

  test.each<[string, string, (file: string) => void, RegExp]>([
    ["a kernel cut short", "kernel.safetensors", truncate(500), /\d+ bytes/],
    ["an empty kernel", "kernel.safetensors", truncate(0), /0 bytes|8 bytes/],
    ["a kernel of other tensors", "kernel.safetensors", replace(/"train_logits"/, '"trainy_logit"'), /train_logits/],
    ["a result cut short", "result.json", truncate(100), /is not valid JSON/],
    ["a result that is none", "result.json", replace(/"scores"/, '"score"'), /scores: /],
  ])("%s", async (name, file, damage, reason) => {
    const folder = path(name.replaceAll(" ", "-"));
    cpSync(path("study"), folder, { recursive: true });
    const damaged = join(folder, "2-13", "full", file);
    damage(damaged);
    const error = await kernelStudy({ ...input, output_dir: folder }).then(
      () => "none",
      ({ message }: Error) => message,
    );
    expect(error).toMatch(new RegExp(`^${damaged}: `));
    expect(error).toMatch(reason);
    expect(error).not.toContain("\n");
  });

  test("its settings, too", async () => {
    mkdirSync(path("unsettled"));
    copyFileSync(path("study", "result.json").replace("result", "study"), path("unsettled", "study.json"));
    write(path("unsettled", "config.json"), '{"parameters": "full"');
    await expect(kernelStudy({ ...input, output_dir: path("unsettled") })).rejects.toThrow(
      `${path("unsettled", "config.json")}: is not that of a kernel study, expected another folder to write`,
    );
  });
});
