/** Model folders that `train` refuses: in one line, before anything is written. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/safetensors.ts";
import { type Tensor, zeros } from "../../src/tensor/tensor.ts";
import { makeTinyModel, quick, workshop, write } from "../tiny-model.ts";
import { refused, refusedHere } from "./refused.ts";

const cwd = workshop();
const weights = readFileSync(join(cwd, "roberta", "model.safetensors"));
const query = "roberta.encoder.layer.1.attention.self.query.weight";

/** Makes the model folder bad/NAME: a sound one, with something done to it. */
function badModel(name: string, change: (file: (name: string) => string) => void): string {
  const folder = join("bad", name);
  makeTinyModel(join(cwd, folder), "roberta-classification");
  change((file) => join(cwd, folder, file));
  return folder;
}

const withWeights = (name: string, bytes: Uint8Array) =>
  badModel(name, (file) => write(file("model.safetensors"), bytes));
const withConfig = (name: string, changes: object) =>
  badModel(name, (file) => {
    const config = JSON.parse(readFileSync(file("config.json"), "utf8")) as object;
    write(file("config.json"), JSON.stringify({ ...config, ...changes }));
  });

/** A file of weights whose header claims what it likes. */
function lying(header: string | object, length?: bigint): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const first8 = Buffer.alloc(8);
  first8.writeBigUInt64LE(length ?? BigInt(json.length));
  return Buffer.concat([first8, json, Buffer.alloc(16)]);
}

function changed(change: (tensors: Map<string, Tensor>) => void): Buffer {
  const tensors = decodeSafetensors(weights, "roberta");
  change(tensors);
  return Buffer.concat([...encodeSafetensors(tensors, { format: "pt" })]);
}

const models: Readonly<Record<string, readonly [folder: string, message: string | RegExp]>> = {
  "no weights": [
    badModel("no-weights", (file) => rmSync(file("model.safetensors"))),
    "bad/no-weights: no model.safetensors and no model.safetensors.index.json",
  ],
  "a header cut off": [
    withWeights("cut-header", weights.subarray(0, 100)),
    /^bad\/cut-header\/model.safetensors: a header of \d+ bytes does not fit into a file of 100 bytes$/,
  ],
  "tensors cut off": [
    withWeights("cut-tensors", weights.subarray(0, -10)),
    /^bad\/cut-tensors\/model.safetensors: tensor ".*" ends at byte \d+, the file has \d+ bytes$/,
  ],
  "no safetensors at all": [
    withWeights("tiny", weights.subarray(0, 5)),
    "bad/tiny/model.safetensors: a file of 5 bytes, a safetensors file has at least 8",
  ],
  "a header of an absurd length": [
    withWeights("oversized", lying({}, 2n ** 60n)),
    `bad/oversized/model.safetensors: a header of ${2n ** 60n} bytes, a safetensors file has at most 100000000`,
  ],
  "a header that is no JSON": [
    withWeights("no-json", lying("{nothing}")),
    "bad/no-json/model.safetensors: the header of 9 bytes is not JSON in UTF-8",
  ],
  "a header that lies about a size": [
    withWeights("lying", lying({ x: { dtype: "F32", shape: [1000, 1000], data_offsets: [0, 16] } })),
    /^bad\/lying\/model.safetensors: tensor "x": .*16/,
  ],
  "a tensor of another shape": [
    withWeights(
      "shape",
      changed((tensors) => tensors.set(query, zeros("float32", [16, 8]))),
    ),
    `bad/shape: tensor ${query} has shape [16, 8], config.json makes it [16, 16]`,
  ],
  "a missing tensor": [
    withWeights(
      "missing",
      changed((tensors) => tensors.delete(query)),
    ),
    new RegExp(`^bad/missing: no tensor named ${query} \\(found \\d+ others\\)$`),
  ],
  "a head for other labels": [
    "three",
    "three: tensor classifier.weight has shape [3, 16], config.json makes it [2, 16]; tensor classifier.bias has shape [3], config.json makes it [2]; --ignore_mismatched_sizes begins the head anew",
  ],
  "no tokenizer.json": [
    badModel("no-tokenizer", (file) => rmSync(file("tokenizer.json"))),
    /^bad\/no-tokenizer: no tokenizer.json; write one with transformers: /,
  ],
  "a tokenizer.json that is none": [
    badModel("bad-tokenizer", (file) => write(file("tokenizer.json"), "{}")),
    /^bad\/bad-tokenizer\/tokenizer.json: model: /,
  ],
  "more tokens than embeddings": [
    badModel("small", (file) => {
      const tokenizer = JSON.parse(readFileSync(file("tokenizer.json"), "utf8")) as {
        model: { vocab: Record<string, number> };
      };
      for (let id = 0; id < 5; id++) tokenizer.model.vocab[`more${id}`] = 41 + id;
      write(file("tokenizer.json"), JSON.stringify(tokenizer));
    }),
    "bad/small: tokenizer.json has 46 tokens, config.json only 43",
  ],
  "no config.json": [
    badModel("no-config", (file) => rmSync(file("config.json"))),
    "bad/no-config: no config.json, expected a transformers checkpoint",
  ],
  "a config.json cut off": [
    badModel("cut-config", (file) => write(file("config.json"), '{"model_type":')),
    /^bad\/cut-config\/config.json: is not valid JSON: /,
  ],
  "an unknown model_type": [
    withConfig("unknown", { model_type: "gpt9" }),
    /^bad\/unknown\/config.json: model_type "gpt9" is not known, expected one of bert, roberta, /,
  ],
  "a field of config.json that does not fit": [
    withConfig("field", { hidden_size: "wide" }),
    /^bad\/field\/config.json: hidden_size: .*number/,
  ],
};

const flags = (model: string, out: string) => [
  "--model",
  model,
  "--task",
  "sst2",
  "--data",
  "sst2",
  ...quick,
  "--output_dir",
  out,
];

test.each(Object.entries(models))("train refuses %s", async (name, [model, message]) => {
  const out = join("out", name);
  await refusedHere(cwd, ["train", ...flags(model, out)], message);
  expect(existsSync(join(cwd, out))).toBe(false);
});

test("train refuses a folder that is not there, where there is no network", () =>
  refused(
    cwd,
    ["train", ...flags("nowhere/at-all", "out")],
    /^hub: offline, and nowhere\/at-all .* is not in the cache/,
  ));
