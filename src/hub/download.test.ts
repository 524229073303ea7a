import { lstat, readFile, readlink, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { DownloadProgress } from "./download.ts";
import { checkpoint, complaint, filesUnder, folderOf, sharded, weightless } from "./folders.cases.ts";
import { fetched, hubWith, id, names } from "./hub.cases.ts";
import { type HubContents, startHub } from "./hub-server.cases.ts";
import { resolveModel } from "./resolve.ts";

test("a model is downloaded into Hugging Face's cache layout", async () => {
  const files = {
    ...checkpoint,
    "README.md": "not needed",
    "pytorch_model.bin": "not needed",
    "special_tokens_map.json": "{}",
  };
  const hub = await hubWith({ files });
  const resolved = await resolveModel(id, { environment: hub.environment });
  const folder = join(hub.repository, "snapshots", hub.commit);
  expect(resolved).toEqual({ folder, id, revision: hub.commit });
  expect(await filesUnder(folder)).toEqual(names({ ...checkpoint, "special_tokens_map.json": "" }));
  for (const name of names(checkpoint)) {
    expect(await readFile(join(folder, name))).toEqual(Buffer.from(checkpoint[name] as Uint8Array));
    expect(await readlink(join(folder, name))).toMatch(/^\.\.\/\.\.\/blobs\/([0-9a-f]{40}|[0-9a-f]{64})$/);
  }
  expect(await readFile(join(hub.repository, "refs", "main"), "utf8")).toBe(hub.commit);
  expect(await filesUnder(join(hub.repository, "blobs"))).toHaveLength(5);
});

test("the second time no file is asked for", async () => {
  const hub = await hubWith();
  const first = await resolveModel(id, { environment: hub.environment });
  expect(fetched(hub)).not.toEqual([]);
  hub.requests.length = 0;
  expect(await resolveModel(id, { environment: hub.environment })).toEqual(first);
  expect(hub.requests).not.toEqual([]);
  expect(fetched(hub)).toEqual([]);
});

test("a file that stands in the cache without a link, as where links are not allowed, is not fetched", async () => {
  const hub = await hubWith();
  const { folder } = await resolveModel(id, { environment: hub.environment });
  const path = join(folder, "model.safetensors");
  await rename(await realpath(path), path);
  hub.requests.length = 0;
  await resolveModel(id, { environment: hub.environment });
  expect(fetched(hub)).toEqual([]);
});

test("only what is missing, broken or of another size is fetched again", async () => {
  const hub = await hubWith();
  const { folder } = await resolveModel(id, { environment: hub.environment });
  await rm(await realpath(join(folder, "tokenizer.json")));
  await writeFile(await realpath(join(folder, "model.safetensors")), "half");
  await rm(join(folder, "config.json"));
  hub.requests.length = 0;
  await resolveModel(id, { environment: hub.environment });
  expect(new Set(fetched(hub).map((request) => request.split("/").at(-1)))).toEqual(
    new Set(["tokenizer.json", "model.safetensors"]),
  );
  for (const name of names(checkpoint)) {
    expect(await readFile(join(folder, name))).toEqual(Buffer.from(checkpoint[name] as Uint8Array));
    expect((await lstat(join(folder, name))).isSymbolicLink()).toBe(true);
  }
});

test("the shards that the index names are downloaded", async () => {
  const hub = await hubWith({ files: { ...sharded, "model-unused.safetensors": "not needed" } });
  const { folder } = await resolveModel(id, { environment: hub.environment });
  expect(await filesUnder(folder)).toEqual(names(sharded));
});

test("progress counts each file from its first bytes to its size", async () => {
  const large = { ...checkpoint, "model.safetensors": new Uint8Array(300_000).fill(7) };
  const hub = await hubWith({ files: large });
  const seen: DownloadProgress[] = [];
  await resolveModel(id, { environment: hub.environment, onProgress: (progress) => seen.push(progress) });
  expect([...new Set(seen.map(({ file }) => file))]).toEqual([
    ...names(weightless).slice(0, 1),
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors",
  ]);
  const weights = seen.filter(({ file }) => file === "model.safetensors");
  expect(weights.length).toBeGreaterThan(1);
  expect(weights.map(({ received }) => received)).toEqual(
    weights.map(({ received }) => received).sort((a, b) => a - b),
  );
  expect(weights.at(-1)).toEqual({ file: "model.safetensors", received: 300_000, total: 300_000 });
});

test("a private model answers 401 without a token and 403 with another one", async () => {
  const hub = await hubWith({ token: "hf_good" });
  const withToken = (token: string) => ({ environment: { ...hub.environment, token } });
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toMatch(
    /^hub: no access to someone\/tiny-bert: .*set HF_TOKEN to a token that may read it \(HTTP 401\)$/,
  );
  expect(await complaint(resolveModel(id, withToken("hf_other")))).toBe(
    `hub: access to ${id} has not been granted; ask for it at ${hub.endpoint}/${id}, then set HF_TOKEN to a token that may read it (HTTP 403)`,
  );
  expect((await resolveModel(id, withToken("hf_good"))).revision).toBe(hub.commit);
  expect(hub.leaked).toEqual([]);
});

test("a gated model, whose list of files is public, does so when its files are asked for", async () => {
  const hub = await hubWith({ gate: "hf_good" });
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toMatch(/\(HTTP 401\)$/);
  expect(await complaint(resolveModel(id, { environment: { ...hub.environment, token: "hf_other" } }))).toMatch(
    /\(HTTP 403\)$/,
  );
  expect(await filesUnder(hub.environment.cacheFolder)).toEqual([]);
  const { folder } = await resolveModel(id, { environment: { ...hub.environment, token: "hf_good" } });
  expect(await filesUnder(folder)).toEqual(names(checkpoint));
});

test("an unknown model and an unknown revision are told apart from the rest", async () => {
  const hub = await hubWith();
  expect(await complaint(resolveModel("bert-of-nobody", { environment: hub.environment }))).toBe(
    `hub: no model bert-of-nobody with revision main at ${hub.endpoint}, and no folder of that name here; check the name (HTTP 404)`,
  );
  expect(await complaint(resolveModel(id, { revision: "v9", environment: hub.environment }))).toMatch(
    /revision v9 .*HTTP 404/,
  );
});

test("a model with a pickle only is refused before anything is downloaded", async () => {
  const hub = await hubWith({ files: { ...weightless, "pytorch_model.bin": "pickle" } });
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toMatch(
    /^someone\/tiny-bert: no model.safetensors, only pytorch_model.bin, a pickle, which can run code .*save_pretrained\(FOLDER, safe_serialization=True\)$/,
  );
  expect(fetched(hub)).toEqual([]);
});

test.each([
  ["model.safetensors", /^someone\/tiny-bert: no model.safetensors and no model.safetensors.index.json$/],
  ["tokenizer.json", /^someone\/tiny-bert: no tokenizer.json; .*AutoTokenizer/],
  ["config.json", /^someone\/tiny-bert: no config.json, expected a transformers checkpoint$/],
])("a model without %s is refused before anything is downloaded", async (name, expected) => {
  const hub = await hubWith({ files: Object.fromEntries(Object.entries(checkpoint).filter(([key]) => key !== name)) });
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toMatch(expected);
  expect(fetched(hub)).toEqual([]);
});

test.each<[string, Partial<HubContents>, RegExp]>([
  [
    "model.safetensors",
    { cut: "model.safetensors" },
    /^hub: the download of someone\/tiny-bert\/model.safetensors broke off after \d+ of 300000 bytes \(.+\); run again$/,
  ],
  [
    "model.safetensors",
    { damage: "model.safetensors" },
    /^hub: someone\/tiny-bert\/model.safetensors arrived damaged: its hash is not [0-9a-f]{64}; run again$/,
  ],
  [
    "config.json",
    { damage: "config.json" },
    /^hub: someone\/tiny-bert\/config.json arrived damaged: its hash is not [0-9a-f]{40}; run again$/,
  ],
  [
    "config.json",
    { lies: { "config.json": { size: 9 } } },
    /broke off after 37 of 9 bytes \(more arrives than was listed\)/,
  ],
  [
    "config.json",
    { lies: { "config.json": { size: 99 } } },
    /config.json broke off after 37 of 99 bytes \(the connection ended\)/,
  ],
])("a download of %s that goes wrong leaves no file of that name: %o", async (name, fault, expected) => {
  const files = { ...checkpoint, "model.safetensors": new Uint8Array(300_000).fill(7) };
  const hub = await hubWith({ files, ...fault });
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toMatch(expected);
  const whole = name === "config.json" ? [] : names(weightless);
  const left = await filesUnder(hub.repository);
  expect(left.filter((path) => !path.startsWith("blobs"))).toEqual(
    whole.map((file) => join("snapshots", hub.commit, file)),
  );
  expect(left.filter((path) => path.startsWith("blobs"))).toHaveLength(whole.length);
});

test("what the hub lists is checked before it becomes a part of a path", async () => {
  const hub = await hubWith({ lies: { "config.json": { oid: "../../escape" } } });
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toBe(
    `hub: ${hub.endpoint} gave an answer for ${id} that is not a hub's (oid: expected a hash); check HF_ENDPOINT`,
  );
});

test("a download that broke off is taken up where it ended, at the first file that is not whole", async () => {
  const hub = await hubWith({ cut: "model.safetensors" });
  await complaint(resolveModel(id, { environment: hub.environment }));
  const healed = await startHub({ id, files: checkpoint });
  onTestFinished(() => healed.close());
  const { folder } = await resolveModel(id, { environment: { ...hub.environment, endpoint: healed.endpoint } });
  expect(healed.requests.filter((request) => request.includes("config.json"))).toEqual([]);
  expect(await filesUnder(folder)).toEqual(names(checkpoint));
});

const index = (shard: string) => ({
  ...sharded,
  "model.safetensors.index.json": JSON.stringify({ weight_map: { x: shard } }),
});

test("an index that names a shard outside the repository, or one that is not there, is refused", async () => {
  const hub = await hubWith({ files: index("../../model.safetensors") });
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toMatch(
    /model.safetensors.index.json: weight_map.x: expected the name of a .safetensors file$/,
  );
  const other = await hubWith({ files: index("model-00009.safetensors") });
  expect(await complaint(resolveModel(id, { environment: other.environment }))).toBe(
    `${id}: model.safetensors.index.json names model-00009.safetensors, which is not in the repository`,
  );
});

test("a cache that cannot be made names the way out", async () => {
  const home = join(await folderOf({ file: "" }), "file");
  const hub = await hubWith({}, { HF_HOME: home });
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toMatch(
    /cannot be made \(set HF_HOME to a folder that can be written\): a part of the path is a file/,
  );
});
