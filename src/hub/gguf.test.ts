import { readFileSync } from "node:fs";
import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { createTokenizer } from "../data/tokenizer.ts";
import { ggufFile, textField } from "../formats/gguf.cases.ts";
import { decodeSafetensors } from "../formats/safetensors.ts";
import { complaint, folderOf, temporaryFolder } from "./folders.cases.ts";
import { sha256File } from "./files.ts";
import { openModelFolder } from "./model-folder.ts";
import { resolveModel } from "./resolve.ts";
import { writeModelFolder } from "./save.ts";

const fixtures = join(import.meta.dirname, "../../test/fixtures/gguf");
interface Expected {
  readonly config: Readonly<Record<string, unknown>>;
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[]; readonly decoded: string }[];
}

async function opened(path: string) {
  const model = await openModelFolder(path);
  onTestFinished(() => model.close());
  return model;
}

describe.each([
  ["llama", "llama"],
  ["mistral", "llama"],
  ["qwen2", "qwen2"],
  ["qwen3", "qwen3"],
  ["gemma", "gemma"],
  ["gpt2", "gpt2"],
  ["bloom", "bloom"],
])("%s", (name, modelType) => {
  const path = join(fixtures, `${name}.gguf`);
  const { config, texts } = JSON.parse(readFileSync(join(fixtures, `${name}.json`), "utf8")) as Expected;

  test("has the configuration of the model it was made of", async () => {
    const model = await opened(path);
    expect(model.config).toMatchObject({ ...config, model_type: modelType });
    expect(model.config["architectures"]).toHaveLength(1);
    expect(model.config["eos_token_id"]).toBe(name === "gemma" ? 1 : 2);
  });

  test("has its tensors, bit for bit", async () => {
    const model = await opened(path);
    const weights = join(fixtures, `${name}.safetensors`);
    const expected = decodeSafetensors(readFileSync(weights), weights);
    expect([...model.tensors.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [key, tensor] of expected) {
      expect(model.tensors.get(key)).toEqual({ name: key, dtype: "float32", shape: tensor.shape });
      expect(await model.read(key), key).toEqual(tensor);
      const target = new Float32Array(tensor.data.length);
      await model.readInto(key, target);
      expect(target, key).toEqual(tensor.data);
    }
  });

  test("has its tokenizer", async () => {
    const model = await opened(path);
    const tokenizer = createTokenizer(model.tokenizer, model.tokenizerConfig, path);
    expect(tokenizer.vocabularySize).toBe(config["vocab_size"]);
    const special = name === "gemma" ? { bos: 2, eos: 1, unk: 3 } : { bos: 1, eos: 2, unk: 0 };
    expect(tokenizer.specialTokens).toMatchObject(special);
    for (const { text, ids, decoded } of texts) {
      expect([...tokenizer.encode([text], { maxLength: 10_000 }).ids], JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
    }
  });
});

test("a folder whose only weights are one GGUF file is that file", async () => {
  const folder = await folderOf({ "README.md": "", "config.json": '{"model_type":"llama"}' });
  const path = join(folder, "model.Q4_1.gguf");
  await copyFile(join(fixtures, "llama.gguf"), path);
  const model = await opened(folder);
  expect(model.folder).toBe(path);
  expect(model.config["hidden_size"]).toBe(32);
  expect(model.files.weights).toEqual([path]);
  expect(model.files.companions).toEqual([]);
  expect(model.files.made).toEqual({
    "tokenizer.json": model.tokenizer,
    "tokenizer_config.json": model.tokenizerConfig,
  });
  expect(await model.hash()).toBe(await sha256File(path));
  expect(await resolveModel(path)).toEqual({ folder: path, id: path, revision: null });

  await copyFile(path, join(folder, "another.gguf"));
  expect(await complaint(openModelFolder(folder))).toBe(
    `${folder}: 2 .gguf files and no model.safetensors, expected the path of one`,
  );
  await writeFile(join(folder, "model.safetensors"), "");
  expect(await complaint(openModelFolder(folder))).toBe(
    `${folder}: no tokenizer.json; write one with transformers: AutoTokenizer.from_pretrained("${folder}").save_pretrained(FOLDER)`,
  );
});

test("a model from a GGUF file is written as a folder, with its tokenizer, and opened again", async () => {
  const model = await opened(join(fixtures, "llama.gguf"));
  const folder = join(await temporaryFolder(), "written");
  const tensors = new Map([["model.norm.weight", await model.read("model.norm.weight")]]);
  const { companions, made } = model.files;
  await writeModelFolder(folder, { config: model.config, files: companions, made, tensors });
  const again = await opened(folder);
  expect(again.config).toEqual(model.config);
  expect(again.tokenizer).toEqual(model.tokenizer);
  expect(again.tokenizerConfig).toEqual(model.tokenizerConfig);
  expect(await again.read("model.norm.weight")).toEqual(tensors.get("model.norm.weight"));
});

test("a header of more than a mebibyte is read to its end", async () => {
  const path = join(
    await folderOf({ "long.gguf": ggufFile({ fields: [["k", textField("x".repeat(3e6))]] }) }),
    "long.gguf",
  );
  expect(await complaint(openModelFolder(path))).toBe(`${path}: "general.architecture" is nothing, expected a text`);
});

test("a part of a model in several files is refused", async () => {
  const fields = [["split.count", { kind: 2, bytes: Buffer.of(3, 0) }]] as const;
  const path = join(await folderOf({ "part.gguf": ggufFile({ fields }) }), "part.gguf");
  expect(await complaint(openModelFolder(path))).toBe(
    `${path}: one of several parts; join them with llama-gguf-split --merge`,
  );
});

test("a tensor that is not there, and a target of another length, are refused", async () => {
  const path = join(fixtures, "llama.gguf");
  const model = await opened(path);
  expect(await complaint(model.read("absent"))).toBe(`${path}: no tensor named "absent" among 20`);
  expect(await complaint(model.readInto("model.norm.weight", new Float32Array(3)))).toBe(
    `${path}: tensor "output_norm.weight": 32 elements, the target has 3`,
  );
});

/** The bytes of a model with `from` replaced by `to`, which is as long. */
async function altered(name: string, from: string, to: string): Promise<string> {
  const bytes = readFileSync(join(fixtures, `${name}.gguf`));
  const at = bytes.indexOf(from);
  if (at < 0 || from.length !== to.length) throw new Error(`cannot put ${to} for ${from}`);
  bytes.write(to, at, "latin1");
  return join(await folderOf({ "altered.gguf": bytes }), "altered.gguf");
}

test.each([
  [
    "qwen2",
    "\x05\0\0\0\0\0\0\0qwen2",
    "\x05\0\0\0\0\0\0\0mamba",
    /"general\.architecture" is "mamba", expected one of llama, qwen2, /,
  ],
  ["llama", "general.architecture", "general.architecturE", '"general.architecture" is nothing, expected a text'],
  ["qwen3", "attn_q.weight", "attn_x.weight", 'tensor "blk.0.attn_x.weight" has no place in a model of qwen3'],
  ["llama", "token_embd.weight", "tokem_embd.weight", "no tensor named token_embd.weight"],
  ["llama", "llama.block_count", "llama.clock_count", '"llama.block_count" is nothing, expected a natural number'],
  ["llama", "smollm", "smallm", /"tokenizer\.ggml\.pre" is "smallm", expected one of default, gpt-2, /],
  ["mistral", "ggml.tokens", "ggml.tokenz", '"tokenizer.ggml.tokens" is nothing, expected a list of texts'],
  ["mistral", "rope.freq_base", "rope.freq_bass", "rope_freqs.weight: 4 divisors that are not Llama 3's"],
])("%s with %s as %s is refused", async (name, from, to, expected) => {
  const path = await altered(name, from, to);
  const message = await complaint(openModelFolder(path));
  expect(message.startsWith(`${path}: `)).toBe(true);
  if (expected instanceof RegExp) expect(message).toMatch(expected);
  else expect(message).toBe(`${path}: ${expected}`);
});

test("a file that is missing or cut short is refused", async () => {
  const folder = await temporaryFolder();
  const absent = join(folder, "absent.gguf");
  expect(await complaint(openModelFolder(absent))).toBe(
    `${absent}: cannot be read as a model folder: no such file or folder`,
  );
  const cut = join(folder, "cut.gguf");
  await writeFile(cut, readFileSync(join(fixtures, "llama.gguf")).subarray(0, 30_000));
  expect(await complaint(openModelFolder(cut))).toMatch(
    /cut\.gguf: tensor ".*" ends at byte \d+, the file has 30000 bytes$/,
  );
  expect(await readdir(folder)).toEqual(["cut.gguf"]);
});
