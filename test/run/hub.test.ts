/** A model by its hub id: fetched once, and enough for everything after without a network. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startHub } from "../../src/hub/hub-server.cases.ts";
import { json, output, rocoft, scoresOf } from "../cli.ts";
import { quick, scratchFolder, workshop } from "../tiny-model.ts";

const cwd = workshop();
const home = scratchFolder();
const id = "someone/tiny-roberta";

test("train fetches a hub id; evaluate finds it in the cache when the hub is gone", async () => {
  const folder = join(cwd, "roberta");
  const files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  const hub = await startHub({ id, files });
  const env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint, HF_HUB_OFFLINE: "0" };
  const flags = ["--model", id, "--task", "sst2", "--data", "sst2", ...quick, "--output_dir", "run"];
  const { scores } = await json<{ scores: object }>(["train", ...flags], { cwd, env });
  await hub.close();

  const offline = { cwd, env: { HF_HOME: home } };
  expect(await scoresOf(["run", "--data", "sst2"], offline)).toEqual(scores);
  const adapter = JSON.parse(readFileSync(join(cwd, "run", "adapter", "adapter_config.json"), "utf8")) as object;
  expect(adapter).toMatchObject({ base_model_name_or_path: id, base_model_revision: hub.commit });
  expect(await output(["merge", "run", "--output_dir", "merged"], offline)).toMatch(/^merged /);
});

test("a hub id that is not in the cache is an error in one line without a network", async () => {
  const flags = ["--model", "someone/else", "--task", "sst2", "--data", "sst2", ...quick, "--output_dir", "none"];
  const { code, stderr } = await rocoft(["train", ...flags], { cwd, env: { HF_HOME: home } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^rocoft: hub: offline, and someone\/else .* is not in the cache .*\n$/);
  expect(readdirSync(cwd)).not.toContain("none");
});
