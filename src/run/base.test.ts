import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { makeTinyModel, scratchFolder, write } from "../../test/tiny-model.ts";
import { complaint } from "../hub/folders.cases.ts";
import { randomWeights } from "../train/load.ts";
import { baseHash, baseWeights } from "./base.ts";
import { openModel, type OpenModel } from "./prepare.ts";

const scratch = scratchFolder();
const settings = { init: "pretrained", seed: 3, ignore_mismatched_sizes: false } as const;
const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
const open = (folder: string, init: "pretrained" | "random", labels = 3) =>
  openModel(folder, { revision: "main", head: "sequence-classification", labels, init });

const folder = makeTinyModel(join(scratch, "bert"), "bert-classification");
let model: OpenModel;
beforeAll(async () => {
  model = await open(folder, "pretrained");
});
afterAll(() => model.folder.close());

describe("pretrained weights", () => {
  test("are the checkpoint's", async () => {
    const { weights, initialized } = await baseWeights(model, settings);
    const { tensors } = fixtureModel("bert-classification").checkpoint;
    expect(Object.keys(weights).toSorted()).toEqual([...tensors.keys()].toSorted());
    for (const [name, weight] of Object.entries(weights)) expect(weight).toEqual(tensors.get(name));
    expect(initialized).toEqual([]);
  });

  test("of a head of another size are drawn from the seed, where that is asked for", async () => {
    const other = await open(folder, "pretrained", 5);
    expect(await complaint(baseWeights(other, settings))).toMatch(
      /^\S+: tensor classifier\.weight has shape .*; --ignore_mismatched_sizes begins the head anew$/,
    );
    const draw = (seed: number) => baseWeights(other, { ...settings, seed, ignore_mismatched_sizes: true });
    expect((await draw(3)).initialized).toEqual(["classifier.weight", "classifier.bias"]);
    expect(await draw(3)).toEqual(await draw(3));
    expect(await draw(4)).not.toEqual(await draw(3));
    await other.folder.close();
  });

  test("are known by the SHA-256 of their file", async () => {
    expect(await baseHash(model, "pretrained")).toBe(sha256(join(folder, "model.safetensors")));
  });
});

describe("random weights", () => {
  test("are those that the seed gives, whatever the checkpoint holds", async () => {
    const drawn = await baseWeights(model, { ...settings, init: "random" });
    expect(drawn).toEqual(randomWeights(model.specs, 3));
    expect(await baseWeights(model, { ...settings, init: "random", seed: 4 })).not.toEqual(drawn);
  });

  test("need no checkpoint: a configuration and a tokenizer will do, and config.json stands for them", async () => {
    const bare = makeTinyModel(join(scratch, "bare"), "bert-classification");
    rmSync(join(bare, "model.safetensors"));
    expect(await complaint(open(bare, "pretrained"))).toMatch(/no model\.safetensors/);
    const opened = await open(bare, "random");
    expect(await baseWeights(opened, { ...settings, init: "random" })).toEqual(randomWeights(model.specs, 3));
    const hash = await baseHash(opened, "random");
    expect(hash).toBe(sha256(join(bare, "config.json")));
    write(join(bare, "config.json"), `${readFileSync(join(bare, "config.json"), "utf8")}\n`);
    expect(await baseHash(opened, "random")).not.toBe(hash);
    await opened.folder.close();
  });
});
