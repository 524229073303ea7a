import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { hubEnvironment } from "./environment.ts";
import { folderOf } from "./folders.cases.ts";

test("without variables, the places and the hub of huggingface_hub", async () => {
  const home = await folderOf({});
  const { cacheFolder, endpoint, offline } = hubEnvironment({});
  expect({ cacheFolder, endpoint, offline }).toEqual({
    cacheFolder: join(homedir(), ".cache", "huggingface", "hub"),
    endpoint: "https://huggingface.co",
    offline: false,
  });
  expect(hubEnvironment({ XDG_CACHE_HOME: home })).toMatchObject({
    cacheFolder: join(home, "huggingface", "hub"),
    token: null,
  });
});

test("HF_HOME holds the cache and the token; HF_HUB_CACHE and HF_TOKEN go before it", async () => {
  const home = await folderOf({ token: "hf_file\n" });
  expect(hubEnvironment({ HF_HOME: home })).toMatchObject({
    cacheFolder: join(home, "hub"),
    madeFolder: join(home, "rocoft"),
    token: "hf_file",
  });
  expect(hubEnvironment({ HF_HOME: home, HF_HUB_CACHE: "/else", HF_TOKEN: " hf_variable " })).toMatchObject({
    cacheFolder: "/else",
    token: "hf_variable",
  });
  expect(hubEnvironment({ HF_HUB_CACHE: "~/models", HF_TOKEN: "x" }).cacheFolder).toBe(join(homedir(), "models"));
  expect(hubEnvironment({ HF_HOME: join(home, "absent"), HF_TOKEN: "" }).token).toBe(null);
});

test("what is made of models has an absolute path, wherever the hub's files lie", () => {
  const { madeFolder } = hubEnvironment({ HF_HOME: "here", HF_HUB_CACHE: "/else", HF_TOKEN: "x" });
  expect(madeFolder).toBe(resolve("here", "rocoft"));
});

test("an endpoint loses its last slash", () => {
  expect(hubEnvironment({ HF_ENDPOINT: "http://mirror/hub/", HF_TOKEN: "x" }).endpoint).toBe("http://mirror/hub");
});

test.each([
  ["1", true],
  ["TRUE", true],
  ["yes", true],
  ["On", true],
  ["0", false],
  ["", false],
  ["offline", false],
])("HF_HUB_OFFLINE=%s is %s", (value, offline) => {
  expect(hubEnvironment({ HF_HUB_OFFLINE: value, HF_TOKEN: "x" }).offline).toBe(offline);
});
