/** Runs, models and data that `predict`, `evaluate` and `merge` refuse in one line. */
import { cpSync, existsSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { output } from "../cli.ts";
import { makeTinyModel, quick, table, workshop, write } from "../tiny-model.ts";
import { listing, refused, refusedHere } from "./refused.ts";

const cwd = workshop();
const adapter = "adapter/adapter_model.safetensors";

beforeAll(async () => {
  const train = (...flags: string[]) => output(["train", ...flags, ...quick], { cwd });
  await train("--model", "roberta", "--task", "sst2", "--data", "sst2", "--output_dir", "run");
  await train("--model", "bert", "--task", "rte", "--data", "rte", "--output_dir", "pairs");
});

/** Makes the folder bad/NAME: a copy of the run with something done to it. */
function badRun(name: string, change: (file: (name: string) => string) => void): string {
  const folder = join("bad", name);
  cpSync(join(cwd, "run"), join(cwd, folder), { recursive: true });
  change((file) => join(cwd, folder, file));
  return folder;
}

function edit(file: string, pattern: RegExp | string, replacement: string): void {
  write(file, readFileSync(file, "utf8").replaceAll(pattern, replacement));
}

type Damage = readonly [damage: (file: (name: string) => string) => void, message: (run: string) => string | RegExp];

const damages: Readonly<Record<string, Damage>> = {
  "no task.json": [(file) => rmSync(file("task.json")), (run) => `${run}: not a run folder, it has no task.json`],
  "a task.json of something else": [
    (file) => write(file("task.json"), '{"name": "sst2"}'),
    (run) => new RegExp(`^${run}/task.json: kind: .* \\(and \\d more\\)$`),
  ],
  "no config.json": [
    (file) => rmSync(file("config.json")),
    (run) => `${run}/config.json: cannot be read: no such file or folder`,
  ],
  "a config.json that lacks settings": [
    (file) => write(file("config.json"), '{"model": "roberta"}'),
    (run) => new RegExp(`^${run}/config.json: data: missing`),
  ],
  "no adapter": [
    (file) => rmSync(file("adapter"), { recursive: true }),
    (run) => `${run}: has no adapter, its training did not reach a first evaluation`,
  ],
  "no adapter weights": [
    (file) => rmSync(file(adapter)),
    (run) => `${run}/${adapter}: cannot be read: no such file or folder`,
  ],
  "an adapter cut off": [
    (file) => truncateSync(file(adapter), 6000),
    (run) => new RegExp(`^${run}/${adapter}: tensor ".*" ends at byte \\d+, the file has 6000 bytes$`),
  ],
  "an adapter of another tensor": [
    (file) => edit(file("adapter/adapter_config.json"), '"classifier.dense.bias": {', '"classifier.dense.bios": {'),
    (run) => new RegExp(`^${run}/${adapter}: no tensor named classifier.dense.bios \\(found \\d+ others\\)$`),
  ],
  "an adapter for another axis": [
    (file) => edit(file("adapter/adapter_config.json"), '"axis": 0', '"axis": 1'),
    (run) => new RegExp(`^${run}/adapter: .*query.weight.rows is \\[3, 16\\], its part of .* is \\[16, 3\\]$`),
  ],
  "an adapter for a module that the model has not": [
    (file) => edit(file("adapter/adapter_config.json"), '"parameter": "roberta.', '"parameter": "bert.'),
    (run) => new RegExp(`^${run}/adapter: .* belongs to bert.encoder.*, which the model does not have$`),
  ],
};

describe("a damaged run is refused", () => {
  test.each(Object.entries(damages))("%s", async (name, [damage, message]) => {
    const run = badRun(name.replaceAll(/\W/g, "-"), damage);
    await refusedHere(cwd, ["merge", run, "--output_dir", `merged/${name}`], message(run));
    expect(existsSync(join(cwd, "merged", name))).toBe(false);
  });
});

describe("predict and evaluate refuse", () => {
  test("a folder that is no run", async () => {
    await refusedHere(cwd, ["predict", "sst2", "--text", "a"], "sst2: not a run folder, it has no task.json");
    await refusedHere(cwd, ["predict", "nowhere", "--text", "a"], "nowhere: not a run folder, it has no task.json");
  });

  test("a run whose base model has changed since", async () => {
    makeTinyModel(join(cwd, "moving"), "roberta-classification");
    const model = ["--model", "moving", "--task", "sst2", "--data", "sst2"];
    await output(["train", ...model, ...quick, "--output_dir", "moved"], { cwd });
    const file = join(cwd, "moving", "model.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    write(file, bytes);
    const [evaluate, moving] = [["evaluate", "moved", "--data", "sst2"], join(cwd, "moving")];
    const other = `${moving}: not the base model that moved was trained on (it has another SHA-256)`;
    await refusedHere(cwd, evaluate, other);
    rmSync(moving, { recursive: true });
    const gone = `model "${moving}": no such folder, and not a hub id, expected NAME or ORGANISATION/NAME`;
    await refusedHere(cwd, evaluate, gone);
  });

  test("no texts at all", () => refused(cwd, ["predict", "run"], "standard input: no lines, expected a text on each"));

  const one = "expected a run folder or --model, one of the two";
  const sentence = table(["sentence"], [["so good"]]);
  const cases: Readonly<Record<string, readonly [args: readonly string[], message: string | RegExp]>> = {
    "a run and a model": [["evaluate", "run", "--model", "roberta", "--data", "sst2"], one],
    "neither a run nor a model": [["predict", "--text", "a"], one],
    "a run with a task": [
      ["evaluate", "run", "--task", "sst2", "--data", "sst2"],
      "--task: a run knows its own, expected only with --model",
    ],
    "a model without a head": [
      ["predict", "--model", "bert", "--text", "a"],
      "bert: has no head for text-classification (no tensor named classifier.weight); fine-tune it first with rocoft train",
    ],
    "a model of other labels than the task's": [
      ["evaluate", "--model", "three", "--task", "sst2", "--data", "sst2"],
      "three/config.json: its labels are LABEL_0, LABEL_1, LABEL_2, those of sst2 are negative, positive",
    ],
    "an unknown task": [
      ["evaluate", "--model", "three", "--task", "sst3", "--data", "sst2"],
      'unknown task "sst3", nearest of 41: sst2, sst5, stsb, rte, subj',
    ],
    "sequences above the positions": [
      ["evaluate", "run", "--data", "sst2", "--max_seq_length", "11"],
      "max_seq_length: 11 is above the 10 positions of the model",
    ],
    "texts and a file": [
      ["predict", "run", "--text", "a", "--data", "sst2/dev.tsv"],
      "expected --text or --data, one of the two",
    ],
    "a pair of one": [["predict", "pairs", "--pair", "--text", "a"], "--pair: 1 texts given with --text, expected 2"],
    "a pair where the task takes single texts": [
      ["predict", "run", "--pair", "--text", "a", "b"],
      "texts: number 1 is a pair, but sst2 takes single texts",
    ],
    "single texts where the task takes pairs": [
      ["predict", "pairs", "--text", "a", "b"],
      "texts: number 1 is a single text, but rte takes pairs (--text A B --pair)",
    ],
    "a folder of texts": [
      ["predict", "run", "--data", "sst2"],
      "sst2: cannot be read: it is a folder, expected a file",
    ],
    "a file of another kind": [
      ["predict", "run", "--data", write(join(cwd, "texts.docx"), "so good\n").slice(cwd.length + 1)],
      'texts.docx: unknown file ending ".docx", expected one of .tsv, .csv, .jsonl, .json, .txt, .parquet',
    ],
    "a file without labels to score by": [
      ["evaluate", "run", "--data", write(join(cwd, "bare.tsv"), sentence).slice(cwd.length + 1)],
      "bare.tsv: no label column label, found sentence",
    ],
    "labels that the task has not": [
      ["evaluate", "run", "--data", write(join(cwd, "odd.tsv"), "sentence\tlabel\nso good\t2\n").slice(cwd.length + 1)],
      'odd.tsv:2: unknown label "2", expected one of negative, positive',
    ],
    "data that is not there": [
      ["evaluate", "run", "--data", "nowhere.tsv"],
      "nowhere.tsv: cannot be read: no such file or folder",
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [args, message]) => refusedHere(cwd, args, message));
});

describe("merge refuses", () => {
  test("an output folder that holds files", async () => {
    const before = listing(cwd, "bert");
    await refusedHere(
      cwd,
      ["merge", "run", "--output_dir", "bert"],
      "bert: holds files already; give another folder, or --overwrite_output_dir to write into it",
    );
    expect(listing(cwd, "bert")).toEqual(before);
  });

  test.each(["roberta", "run"])("to write over what it reads: %s", async (output) => {
    const before = listing(cwd, output);
    await refusedHere(
      cwd,
      ["merge", "run", "--output_dir", output, "--overwrite_output_dir"],
      `${output}: is read by this command, expected another folder to write`,
    );
    expect(listing(cwd, output)).toEqual(before);
  });
});
