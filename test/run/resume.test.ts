/** Real runs that are killed at many moments and resumed end as the run that was left alone. */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { random } from "../../src/tensor/random.ts";
import { isTemporary } from "../../src/hub/files.ts";
import { json, output, rocoft, type Started, start } from "../cli.ts";
import { makeTinyModel, table, workshop, write } from "../tiny-model.ts";
import { refused, refusedHere } from "./refused.ts";

const cwd = workshop();
const flags = [
  ...["--model", "roberta", "--task", "sst2", "--data", "sst2", "--method", "full", "--max_seq_length", "10"],
  ...["--learning_rate", "1e-3", "--warmup_steps", "10", "--weight_decay", "0.1", "--threads", "1"],
  ...["--per_device_train_batch_size", "4", "--max_steps", "80", "--eval_steps", "7", "--save_steps", "2"],
];
const fresh = (run: string) => ["train", ...flags, "--output_dir", run];
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const text = (run: string, name: string) => readFileSync(path(run, name), "utf8");

/** What a run leaves, apart from times. */
function left(run: string) {
  const events = text(run, "events.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const timeless = (event: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(event).filter(([key]) => !/second|residentBytes/i.test(key)));
  return {
    files: readdirSync(path(run), { recursive: true, encoding: "utf8" }).toSorted(),
    adapter: readFileSync(path(run, "adapter", "adapter_model.safetensors")).toString("base64"),
    adapterConfig: text(run, "adapter/adapter_config.json"),
    metrics: text(run, "metrics.json"),
    events: events.filter(({ type }) => type !== "ready").map(timeless),
  };
}

/** Starts a run, or goes on with it, again and again until it comes to its end; `kill` says when each process dies. */
async function untilDone(run: string, kill: (process: Started, attempt: number) => Promise<void>): Promise<number> {
  for (let kills = 0; ; kills++) {
    const begun = existsSync(path(run, "config.json"));
    const child = start(begun ? ["train", "--resume", run] : fresh(run), { cwd });
    void kill(child, kills)
      .then(() => child.process.kill("SIGKILL"))
      .catch(() => {});
    const { code, stderr } = await child.outcome;
    if (code === 0) return kills;
    expect(code, stderr).toBe(null);
    if (!existsSync(path(run, "config.json"))) rmSync(path(run), { recursive: true, force: true });
  }
}

const whole = () => left("whole");
beforeAll(async () => {
  await output(fresh("whole"), { cwd });
});

test("killed at random moments", async () => {
  const draw = random(0, "moments");
  const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
  // Each process is given a little longer than it takes to begin, so that every moment of a run is met.
  const kills = await untilDone("random", async (child, attempt) => {
    if (attempt < 12) {
      if (attempt % 3 === 0) return pause(draw.integer(700));
      await child.said("training ");
      return pause(draw.integer(120));
    }
    return new Promise(() => {});
  });
  expect(kills).toBe(12);
  expect(left("random")).toEqual(whole());
}, 120_000);

test.each(["checkpoint.safetensors", "adapter_model.safetensors", "metrics.json"])(
  "killed while %s is being written",
  async (name) => {
    const run = `writing-${name}`;
    let seen = 0;
    const kills = await untilDone(run, async (child, attempt) => {
      if (attempt >= 4) return new Promise(() => {});
      await child.said("training ");
      await new Promise<void>((resolve) => {
        const watcher = watch(path(run), { recursive: true }, (_, file) => {
          if (!file || !isTemporary(file) || !file.includes(name)) return;
          seen++;
          watcher.close();
          resolve();
        });
        child.process.on("close", () => watcher.close());
      });
    });
    expect(seen).toBeGreaterThan(0);
    expect(kills).toBeGreaterThan(0);
    expect(left(run)).toEqual(whole());
  },
  120_000,
);

test("interrupted in good order, and resumed twice over", async () => {
  for (const [i, moment] of ["step 11/", "step 50/"].entries()) {
    const args =
      i === 0 ? [...fresh("polite"), "--logging_steps", "1"] : ["train", "--resume", "polite", "--logging_steps", "1"];
    const child = start(args, { cwd });
    await child.said(moment);
    child.process.kill("SIGINT");
    expect((await child.outcome).code).toBe(130);
    expect(JSON.parse(text("polite", "metrics.json"))).toMatchObject({ reason: "interrupted" });
    // What is best so far can be used meanwhile.
    expect((await rocoft(["predict", "polite", "--text", "so good"], { cwd })).code).toBe(0);
  }
  const { stderr } = await rocoft(["train", "--resume", "polite"], { cwd });
  expect(stderr).toMatch(/^resumed after step \d+$/m);
  expect(left("polite")).toEqual(whole());
}, 60_000);

test("out of disk: says so in one line, keeps the checkpoint before, and goes on once there is room", async () => {
  // A limit on the size of files stands for a full disk: the events reach it first or the checkpoint does, as it is drawn.
  const limited = (args: readonly string[], kibibytes: number) =>
    spawnSync("bash", ["-c", `ulimit -f ${kibibytes}; exec "$0" "$@"`, process.execPath, path2bin, ...args], {
      cwd,
      encoding: "utf8",
    });
  const { status, stderr } = limited(fresh("full-disk"), 8);
  expect(status, stderr).toBe(1);
  expect(stderr).toMatch(/^rocoft: \S+(events\.jsonl|safetensors): cannot be written: [^\n]+\n$/m);
  expect(readdirSync(path("full-disk"), { recursive: true, encoding: "utf8" }).filter(isTemporary)).toEqual([]);
  await output(["train", "--resume", "full-disk"], { cwd });
  expect(left("full-disk")).toEqual(whole());
}, 60_000);
const path2bin = join(import.meta.dirname, "..", "..", "bin", "rocoft.js");

describe("a run is not resumed", () => {
  /** A run that was interrupted after its first steps. */
  const interrupted = async (run: string, ...more: readonly string[]) => {
    const child = start([...fresh(run), ...more, "--logging_steps", "1"], { cwd });
    await child.said("step 9/");
    child.process.kill("SIGINT");
    await child.outcome;
    return run;
  };

  test("when it is complete", () =>
    refusedHere(cwd, ["train", "--resume", "whole"], "whole: is complete (finished), nothing to resume"));

  test("when there is none", () =>
    refusedHere(cwd, ["train", "--resume", "sst2"], "sst2: no run to resume, it has no config.json"));

  test("with other settings", () =>
    refusedHere(
      cwd,
      ["train", "--resume", "whole", "--learning_rate", "1"],
      "--learning_rate: a resumed run keeps the settings it began with, expected --resume without it",
    ));

  test("when its data has changed", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => [i % 2 ? "so good" : "so bad", i % 2]);
    const file = write(path("moving.tsv"), table(["sentence", "label"], rows));
    const run = await interrupted("on-moving", "--data", "moving.tsv", "--validation_file", "sst2/dev.tsv");
    const before = left(run);
    appendFileSync(file, "a dull film\t0\n");
    await refused(
      cwd,
      ["train", "--resume", run],
      `${file}: has changed since the run ${run} began (it has another SHA-256)`,
    );
    expect(left(run)).toEqual(before);
  });

  test("when its model has changed", async () => {
    makeTinyModel(path("moved"), "roberta-classification");
    const run = await interrupted("on-moved", "--model", "moved");
    const file = path("moved", "model.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    await refused(
      cwd,
      ["train", "--resume", run],
      `${path("moved")}: has changed since the run ${run} began (it has another SHA-256)`,
    );
  });

  test("from a damaged checkpoint", async () => {
    const run = await interrupted("damaged");
    writeFileSync(path(run, "checkpoint.safetensors"), "not one");
    await refused(cwd, ["train", "--resume", run], /^damaged\/checkpoint\.safetensors: /);
  });
});

test.each<[string, (events: string) => string | null]>([
  ["lines were lost", (events) => events.slice(0, events.length - 40)],
  ["all is lost", () => null],
])("a record of events of which %s is gone on with, in whole lines", async (what, cut) => {
  const run = `events-${what.replaceAll(" ", "-")}`;
  const child = start([...fresh(run), "--logging_steps", "1"], { cwd });
  await child.said("step 30/");
  child.process.kill("SIGINT");
  await child.outcome;
  const file = path(run, "events.jsonl");
  const kept = cut(readFileSync(file, "utf8").split('{"type":"end"')[0]!);
  if (kept === null) rmSync(file);
  else writeFileSync(file, kept);
  await output(["train", "--resume", run], { cwd });
  const { events, ...rest } = left(run);
  const { events: all, ...expected } = whole();
  expect(rest).toEqual(expected);
  expect(all.slice(-20)).toEqual(events.slice(-20));
});

test("--json says the same of a resumed run as of one that was left alone", async () => {
  const child = start([...fresh("said"), "--logging_steps", "1"], { cwd });
  await child.said("step 20/");
  child.process.kill("SIGKILL");
  await child.outcome;
  const resumed = await json<Record<string, unknown>>(["train", "--resume", "said"], { cwd });
  const alone = await json<Record<string, unknown>>(fresh("alone"), { cwd });
  expect({ ...resumed, run: "" }).toEqual({ ...alone, run: "" });
});
