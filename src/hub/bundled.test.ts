import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTokenizer } from "../data/tokenizer.ts";
import { modelOf } from "../models/registry.ts";
import { planWeights } from "../models/weights.ts";
import { parametersOf } from "../train/load.ts";
import { bundledFolder, bundledModels } from "./bundled.ts";
import { hubEnvironment } from "./environment.ts";
import { complaint } from "./folders.cases.ts";
import { openModelFolder } from "./model-folder.ts";
import { resolveModel } from "./resolve.ts";

const offline = hubEnvironment({ HF_HOME: "/absent", HF_HUB_OFFLINE: "1" });

test.each(bundledModels)("%s is found by its name, without a network", async (name) => {
  const folder = bundledFolder(name)!;
  expect((await stat(folder)).isDirectory()).toBe(true);
  expect(await resolveModel(name, { environment: offline })).toEqual({ folder, id: name, revision: null });
});

test.each(bundledModels)("%s has a configuration and a tokenizer that fit each other", async (name) => {
  const read = async (file: string): Promise<unknown> =>
    JSON.parse(await readFile(join(bundledFolder(name)!, file), "utf8"));
  const model = modelOf(await read("config.json"), name);
  const tokenizer = createTokenizer(await read("tokenizer.json"), await read("tokenizer_config.json"), name);
  expect(tokenizer.vocabularySize).toBe(model.vocabularySize);
  expect(tokenizer.modelMaxLength).toBe(model.maxPositions);
  expect(Object.entries(tokenizer.specialTokens).filter(([, id]) => id === null)).toEqual([]);
  const text = "It was the best of times, it was the worst of times; naïve 名 😀.";
  expect(tokenizer.decode(tokenizer.tokenize(text))).toBe(text);
});

test.each(bundledModels)(
  "%s has weights for every parameter of its language model, in half precision",
  async (name) => {
    const folder = await openModelFolder(bundledFolder(name)!);
    const model = modelOf(folder.config, name);
    const specs = parametersOf(model, model.heads["masked-language-model"]!, 0);
    const { unused } = planWeights(specs, folder.tensors, model.basePrefix, name);
    expect(unused).toEqual([]);
    expect(new Set([...folder.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["float16"]));
    await folder.close();
  },
);

test.each(["rocoft", "ROCOFT-SMALL", "rocoft-small/", "../models/rocoft-small", "", "constructor"])(
  "%j is no bundled model",
  (name) => {
    expect(bundledFolder(name)).toBe(null);
  },
);

test("a hub id that is like a bundled model's name is looked for on the hub", async () => {
  expect(await complaint(resolveModel("someone/rocoft-small", { environment: offline }))).toMatch(
    /^hub: offline, and /,
  );
});
