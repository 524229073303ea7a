import { createHash } from "node:crypto";
import { mkdir, readdir, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type DType, fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../tensor/dtype.ts";
import { tensor } from "../tensor/tensor.ts";
import {
  checkpoint,
  complaint,
  folderOf,
  normal,
  safetensors,
  sharded,
  temporaryFolder,
  weightless,
  weights,
} from "./folders.cases.ts";
import { type ModelFolder, openModelFolder } from "./model-folder.ts";

type Files = Readonly<Record<string, string | Uint8Array>>;

async function opened(files: Files): Promise<ModelFolder> {
  const model = await openModelFolder(await folderOf(files));
  onTestFinished(() => model.close());
  return model;
}

/** A safetensors file with whatever header. */
function withHeader(header: unknown, dataBytes: number, length?: number): Buffer {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const first8 = Buffer.alloc(8);
  first8.writeBigUInt64LE(BigInt(length ?? json.length));
  return Buffer.concat([first8, json, Buffer.alloc(dataBytes)]);
}

test("a checkpoint folder gives its configuration, its tokenizer and a list of its tensors", async () => {
  const model = await opened({ ...checkpoint, "vocab.txt": "[PAD]", "README.md": "", "training_args.bin": "" });
  expect(model.config).toEqual({ model_type: "bert", hidden_size: 3 });
  expect(model.tokenizer).toEqual({ model: { type: "WordPiece" } });
  expect(model.tokenizerConfig).toEqual({ do_lower_case: true });
  expect([...model.tensors.keys()].sort()).toEqual(Object.keys(weights).sort());
  expect(model.tensors.get("encoder.weight")).toMatchObject({
    name: "encoder.weight",
    dtype: "float32",
    shape: [4, 3],
  });
  expect(model.files).toEqual({
    weights: [join(model.folder, "model.safetensors")],
    companions: ["tokenizer.json", "tokenizer_config.json", "vocab.txt"].map((name) => join(model.folder, name)),
    made: {},
  });
});

test.each([
  ["one file", checkpoint],
  ["shards", sharded],
])("tensors are read into arrays of their own: %s", async (_, files) => {
  const model = await opened(files);
  expect([...model.tensors.keys()].sort()).toEqual(Object.keys(weights).sort());
  for (const [name, expected] of Object.entries(weights)) {
    const found = await model.read(name);
    expect(found).toEqual(expected);
    expect(found.data.byteLength).toBe(found.data.buffer.byteLength);
    expect((await model.read(name)).data.buffer).not.toBe(found.data.buffer);
    const target = new Float32Array(expected.data.length + 2).fill(7);
    await model.readInto(name, target.subarray(1, -1));
    expect([...target]).toEqual([7, ...(expected.data as Float32Array), 7]);
  }
});

test("the template of chat_template.jinja stands before that of tokenizer_config.json, and goes along", async () => {
  const template = "{{ messages }}\n";
  const model = await opened({
    ...checkpoint,
    "tokenizer_config.json": JSON.stringify({ bos_token: "<s>", chat_template: "old" }),
    "chat_template.jinja": template,
  });
  expect(model.tokenizerConfig).toEqual({ bos_token: "<s>", chat_template: template });
  expect(model.files.companions).toContain(join(model.folder, "chat_template.jinja"));
});

test("a checkpoint without tokenizer_config.json has an empty one, and links to files elsewhere are followed", async () => {
  const { "tokenizer_config.json": _, ...files } = checkpoint;
  const [elsewhere, folder] = [await folderOf(files), await temporaryFolder()];
  for (const name of Object.keys(files)) await symlink(join(elsewhere, name), join(folder, name));
  const model = await openModelFolder(folder);
  onTestFinished(() => model.close());
  expect(model.tokenizerConfig).toEqual({});
  expect(await model.read("encoder.bias")).toEqual(weights["encoder.bias"]);
});

test.each<[DType, (x: number) => number, (bits: number) => number]>([
  ["float16", toFloat16, fromFloat16],
  ["bfloat16", toBfloat16, fromBfloat16],
])("%s is kept as it is stored when read, and widened into a target", async (dtype, narrow, widen) => {
  const bits = Uint16Array.from([...normal([50], 3).data, 0, -0, Infinity, 1e-7], narrow);
  const model = await opened({ ...weightless, "model.safetensors": safetensors({ w: tensor(dtype, [54], bits) }) });
  expect(await model.read("w")).toEqual({ dtype, shape: [54], data: bits });
  const target = new Float32Array(54);
  await model.readInto("w", target);
  expect(target).toEqual(Float32Array.from(bits, widen));
});

test("scalars, empty tensors and integers are read; integers do not go into a float target", async () => {
  const tensors = {
    scalar: normal([], 4),
    empty: normal([0, 3], 5),
    position_ids: tensor("int64", [2], BigInt64Array.of(-1n, 2n ** 40n)),
    mask: tensor("bool", [3], Uint8Array.of(1, 0, 1)),
  };
  const model = await opened({ ...weightless, "model.safetensors": safetensors(tensors) });
  for (const [name, expected] of Object.entries(tensors)) expect(await model.read(name)).toEqual(expected);
  expect(await complaint(model.readInto("position_ids", new Float32Array(2)))).toMatch(
    /tensor "position_ids": int64, expected float32, float16 or bfloat16$/,
  );
});

test("an unknown tensor and a target of another length are refused", async () => {
  const model = await opened(checkpoint);
  expect(await complaint(model.read("encoder.wait"))).toBe(
    `${model.files.weights[0]}: no tensor named "encoder.wait" among 2`,
  );
  expect(await complaint(model.readInto("encoder.bias", new Float32Array(5)))).toMatch(
    /tensor "encoder.bias": 4 elements, the target has 5$/,
  );
});

function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

test("the hash is the SHA-256 of model.safetensors, or of the shards one after the other", async () => {
  expect(await (await opened(checkpoint)).hash()).toBe(sha256(checkpoint["model.safetensors"]!));
  const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;
  expect(await (await opened(sharded)).hash()).toBe(sha256(sharded[first]!, sharded[second]!));
});

test("nothing is read after the files are closed, nor from a file that has become shorter", async () => {
  const model = await opened(checkpoint);
  await truncate(model.files.weights[0]!, 100);
  expect(await complaint(model.read("encoder.bias"))).toMatch(
    /model.safetensors: ends at byte \d+, it has become shorter$/,
  );
  await model.close();
  await model.close();
  expect(await complaint(model.read("encoder.weight"))).toMatch(/model.safetensors: cannot be read: /);
});

test.each<[string, Files, RegExp]>([
  ["no configuration", { "tokenizer.json": "{}" }, /^\/.*: no config.json, expected a transformers checkpoint$/],
  [
    "no tokenizer",
    { "config.json": "{}" },
    /^\/.*: no tokenizer.json; write one with transformers: AutoTokenizer.from_pretrained\("\/.*"\)/,
  ],
  ["no weights", weightless, /: no model.safetensors and no model.safetensors.index.json$/],
  [
    "a pickle only",
    { ...weightless, "pytorch_model.bin": "" },
    /only pytorch_model.bin, a pickle, .* safe_serialization=True/,
  ],
  [
    "pickled shards",
    { ...weightless, "pytorch_model-00001-of-00002.bin": "" },
    /only pytorch_model-00001-of-00002.bin, a pickle/,
  ],
  [
    "a configuration that is no object",
    { ...checkpoint, "config.json": "[]" },
    /config.json: Invalid input: expected record/,
  ],
  ["a configuration that is cut", { ...checkpoint, "config.json": '{"a":' }, /config.json: is not valid JSON/],
  ["a tokenizer that is cut", { ...checkpoint, "tokenizer.json": '{"a"' }, /tokenizer.json: is not valid JSON/],
  [
    "an empty tokenizer configuration",
    { ...checkpoint, "tokenizer_config.json": "" },
    /tokenizer_config.json: is empty/,
  ],
])("a folder is refused: %s", async (_, files, expected) => {
  expect(await complaint(openModelFolder(await folderOf(files)))).toMatch(expected);
});

const F32 = (shape: number[], begin: number, end: number) => ({ dtype: "F32", shape, data_offsets: [begin, end] });
const whole = checkpoint["model.safetensors"] as Buffer;

test.each<[string, Uint8Array, RegExp]>([
  ["empty", Buffer.alloc(0), /a file of 0 bytes/],
  ["shorter than its header's length", whole.subarray(0, 7), /a file of 7 bytes/],
  ["cut inside its header", whole.subarray(0, 50), /header of \d+ bytes does not fit/],
  ["cut inside its last tensor", whole.subarray(0, -1), /ends at byte \d+, the file has \d+ bytes/],
  ["longer than its tensors", Buffer.concat([whole, Buffer.alloc(1)]), /the last tensor ends at byte/],
  [
    "a header said to be larger than any",
    withHeader({}, 0, Number.MAX_SAFE_INTEGER),
    /a header of \d+ bytes, .* at most/,
  ],
  ["a header said to be larger than the file", withHeader({}, 0, 1000), /a header of 1000 bytes does not fit/],
  ["a header that is no JSON", withHeader("{{", 0), /is not JSON/],
  ["a header that lies about a size", withHeader({ w: F32([3], 0, 8) }, 8), /8 bytes, expected 12/],
  ["a header that lies about a place", withHeader({ w: F32([2], 0, 8), v: F32([1], 4, 8) }, 8), /inside the tensor/],
  ["a tensor beyond the file", withHeader({ w: F32([2 ** 40], 0, 2 ** 42) }, 8), /ends at byte \d+, the file has/],
  ["an unknown element type", withHeader({ w: { ...F32([1], 0, 4), dtype: "F4" } }, 4), /unknown dtype/],
])("a weights file is refused: %s", async (_, bytes, expected) => {
  const folder = await folderOf({ ...weightless, "model.safetensors": bytes });
  const message = await complaint(openModelFolder(folder));
  expect(message).toMatch(expected);
  expect(message.startsWith(join(folder, "model.safetensors: "))).toBe(true);
});

const index = (map: object | string) => ({
  ...sharded,
  "model.safetensors.index.json": typeof map === "string" ? map : JSON.stringify({ weight_map: map }),
});
const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

test.each<[string, Files, RegExp]>([
  [
    "a missing shard",
    index({ x: "model-3.safetensors" }),
    /model-3.safetensors: cannot be read: no such file or folder$/,
  ],
  [
    "a tensor that its shard lacks",
    index({ "encoder.weight": second }),
    /index.json: model-00002-of-00002.safetensors has no tensor "encoder.weight"$/,
  ],
  [
    "a shard cut short",
    { ...sharded, [first!]: Buffer.alloc(4) },
    /model-00001-of-00002.safetensors: a file of 4 bytes/,
  ],
  ["an index without tensors", index({}), /index.json: weight_map: names no tensor$/],
  ["an index without a map", index("{}"), /index.json: weight_map: Invalid input/],
  [
    "a shard outside the folder",
    index({ x: "../model.safetensors" }),
    /weight_map.x: expected the name of a .safetensors file$/,
  ],
  [
    "a shard of another format",
    index({ x: "pytorch_model.bin" }),
    /weight_map.x: expected the name of a .safetensors file$/,
  ],
])("a sharded folder is refused: %s", async (_, files, expected) => {
  expect(await complaint(openModelFolder(await folderOf(files)))).toMatch(expected);
});

test("a missing folder, a file and weights that are a folder are refused", async () => {
  const folder = await folderOf({ ...weightless, file: "" });
  const [absent, file] = [join(folder, "absent"), join(folder, "file")];
  expect(await complaint(openModelFolder(absent))).toBe(
    `${absent}: cannot be read as a model folder: no such file or folder`,
  );
  expect(await complaint(openModelFolder(file))).toMatch(/file: cannot be read as a model folder: /);
  await mkdir(join(folder, "model.safetensors"));
  expect(await complaint(openModelFolder(folder))).toBe(
    `${join(folder, "model.safetensors")}: cannot be read: it is a folder, expected a file`,
  );
});

test("every file is closed again when one of them is unsound", async () => {
  const folder = await folderOf({ ...sharded, [second!]: Buffer.alloc(4) });
  const before = await openFiles();
  for (let i = 0; i < 20; i++) await complaint(openModelFolder(folder));
  expect(await openFiles()).toBe(before);
});

/** How many files this process holds open, where the system tells. */
async function openFiles(): Promise<number> {
  return (await readdir("/proc/self/fd").catch(() => [])).length;
}

test("a tensor larger than the memory is refused in one line", async ({ skip }) => {
  const elements = 2 ** 41; // 8 TiB, of which a sparse file takes nothing
  const header = withHeader({ w: F32([elements], 0, elements * 4) }, 0);
  const folder = await folderOf({ ...weightless, "model.safetensors": header });
  const grown = truncate(join(folder, "model.safetensors"), header.length + elements * 4);
  await grown.catch(() => skip("the file system has no sparse files of this size"));
  const model = await openModelFolder(folder);
  onTestFinished(() => model.close());
  expect(await complaint(model.read("w"))).toMatch(
    /tensor "w": 8796093022208 bytes are more than there is memory for$/,
  );
});
