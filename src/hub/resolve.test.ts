import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hubEnvironment } from "./environment.ts";
import { complaint, filesUnder, folderOf, sharded, temporaryFolder } from "./folders.cases.ts";
import { hubWith, id } from "./hub.cases.ts";
import { resolveModel } from "./resolve.ts";

test("an existing folder is used as it is", async () => {
  const folder = await folderOf({});
  expect(await resolveModel(folder)).toEqual({ folder, id: folder, revision: null });
});

test.each(["./absent", "/absent/folder", "a/b/c", "...", "", "a--b", "name.git", "~/model", "na\nme", "nul\0"])(
  "%j is neither a folder nor a hub id",
  async (name) => {
    const environment = hubEnvironment({ HF_HOME: "/absent", HF_ENDPOINT: "http://127.0.0.1:9" });
    expect(await complaint(resolveModel(name, { environment }))).toMatch(/no such folder, and not a hub id/);
  },
);

test("a file is no model", async () => {
  const path = join(await folderOf({ file: "" }), "file");
  expect(await complaint(resolveModel(path))).toBe(
    `model ${path}: is a file, expected a folder, a .gguf file or a hub id`,
  );
});

test.each(["../../escape", "/absolute", "a b", ""])("the revision %j is refused", async (revision) => {
  const hub = await hubWith();
  expect(await complaint(resolveModel(id, { revision, environment: hub.environment }))).toBe(
    `model ${id}: revision "${revision}" is not a branch, a tag or a commit`,
  );
  expect(hub.requests).toEqual([]);
});

test("a revision with a slash, and a commit, are found again without a network", async () => {
  const hub = await hubWith();
  const options = { environment: hub.environment };
  const first = await resolveModel(id, { ...options, revision: "refs/pr/1" });
  expect(await filesUnder(join(hub.repository, "refs"))).toEqual(["refs/pr/1"]);
  await resolveModel(id, { ...options, revision: hub.commit });
  expect(await filesUnder(join(hub.repository, "refs"))).toEqual(["refs/pr/1"]);
  const offline = { environment: { ...hub.environment, offline: true } };
  expect(await resolveModel(id, { ...offline, revision: "refs/pr/1" })).toEqual(first);
  expect(await resolveModel(id, { ...offline, revision: hub.commit })).toEqual(first);
});

test("offline the cache is used without a request, and so it is when the hub cannot be reached", async () => {
  const hub = await hubWith({ files: sharded });
  const first = await resolveModel(id, { environment: hub.environment });
  hub.requests.length = 0;
  expect(await resolveModel(id, { environment: { ...hub.environment, offline: true } })).toEqual(first);
  expect(hub.requests).toEqual([]);
  await hub.close();
  expect(await resolveModel(id, { environment: hub.environment })).toEqual(first);
});

test("offline, what is missing is named", async () => {
  const hub = await hubWith({ files: sharded });
  const environment = { ...hub.environment, offline: true };
  expect(await complaint(resolveModel(id, { environment }))).toBe(
    `hub: offline, and ${id} (revision main) is not in the cache ${environment.cacheFolder}; run once without HF_HUB_OFFLINE`,
  );
  const { folder } = await resolveModel(id, { environment: hub.environment });
  await rm(join(folder, "tokenizer.json"));
  await rm(await realpath(join(folder, "model-00002-of-00002.safetensors")));
  expect(await complaint(resolveModel(id, { environment }))).toBe(
    `hub: offline, and tokenizer.json, model-00002-of-00002.safetensors of ${id} not in the cache ${folder}; run once without HF_HUB_OFFLINE`,
  );
  await rm(join(folder, "model.safetensors.index.json"));
  expect(await complaint(resolveModel(id, { environment }))).toMatch(
    /offline, and tokenizer.json, model.safetensors of/,
  );
});

test("without a network and without a cache, the way out is named", async () => {
  const hub = await hubWith();
  await hub.close();
  expect(await complaint(resolveModel(id, { environment: hub.environment }))).toBe(
    `hub: cannot reach ${hub.endpoint} (ECONNREFUSED); check the network and HF_ENDPOINT, or give the folder of a model`,
  );
});

test.each(["wrong", "hf_with\nbreak", "hf_"])("the token %j is refused and not shown", async (token) => {
  const hub = await hubWith();
  const message = await complaint(resolveModel(id, { environment: { ...hub.environment, token } }));
  expect(message).toMatch(/^hub: the access token .* does not start with hf_ or is damaged$/);
  expect(hub.requests).toEqual([]);
});

test("an address that is no hub's is told from a hub's", async () => {
  const hub = await hubWith();
  const at = (endpoint: string) => ({ environment: { ...hub.environment, endpoint } });
  expect(await complaint(resolveModel(id, at("ftp://somewhere")))).toBe(
    `hub: HF_ENDPOINT "ftp://somewhere" is not an http address`,
  );
  expect(await complaint(resolveModel(id, at("nonsense")))).toBe(`hub: HF_ENDPOINT "nonsense" is not an http address`);
  expect(await complaint(resolveModel(id, at(`${hub.endpoint}/elsewhere`)))).toMatch(/HTTP 404/);
});

test("a model named like a folder here is that folder", async () => {
  const here = await temporaryFolder();
  await mkdir(join(here, "bert"));
  const before = process.cwd();
  process.chdir(here);
  onTestFinished(() => process.chdir(before));
  expect(await resolveModel("bert")).toEqual({ folder: "bert", id: "bert", revision: null });
});
