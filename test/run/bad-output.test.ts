/** Output folders that are refused and left as they are, and trainings that end without a result. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rocoft } from "../cli.ts";
import { quick, workshop, write } from "../tiny-model.ts";
import { listing, refused } from "./refused.ts";

const cwd = workshop();
const onSst2 = ["--task", "sst2", "--data", "sst2"];

describe.concurrent("train refuses", () => {
  test("an output folder that holds files, and leaves them", async () => {
    write(join(cwd, "taken", "notes.txt"), "mine");
    await refused(
      cwd,
      ["train", "--model", "roberta", ...onSst2, ...quick, "--output_dir", "taken"],
      "taken: holds files already; give another folder, or --overwrite_output_dir to write into it",
    );
    expect(listing(cwd, "taken")).toEqual(["notes.txt"]);
  });

  test.each(["reviews.csv", "reviews.csv/run"])("an output folder that is a file, or under one: %s", async (out) => {
    const before = readFileSync(join(cwd, "reviews.csv"), "utf8");
    await refused(
      cwd,
      ["train", "--model", "roberta", ...onSst2, ...quick, "--output_dir", out],
      `${out}: cannot be used for output: a part of the path is a file, expected a folder`,
    );
    expect(readFileSync(join(cwd, "reviews.csv"), "utf8")).toBe(before);
  });

  test("the base model's own folder for output, even to be written over", async () => {
    cpSync(join(cwd, "roberta"), join(cwd, "mine"), { recursive: true });
    const before = listing(cwd, "mine");
    await refused(
      cwd,
      ["train", "--model", "mine", ...onSst2, ...quick, "--output_dir", "./mine/", "--overwrite_output_dir"],
      "./mine/: is read by this command, expected another folder to write",
    );
    expect(listing(cwd, "mine")).toEqual(before);
  });

  test("no output folder", () =>
    refused(cwd, ["train", "--model", "roberta", ...onSst2, ...quick], /^output_dir: missing; give /));
});

describe.concurrent("a loss that is not finite", () => {
  const flags = [...onSst2, ...quick, "--model", "roberta", "--learning_rate", "1e30"];
  const unfinished = ["config.json", "environment.json", "events.jsonl", "task.json"];

  test("of a batch ends the training in one line, and leaves no adapter", async () => {
    const { code, stdout, stderr } = await rocoft(["train", ...flags, "--output_dir", "out/diverged"], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.split("\n").filter((line) => line.startsWith("rocoft: "))).toEqual([
      expect.stringMatching(
        /^rocoft: training: the loss is NaN at step 3 \(learning rate 1.00e\+30; batch of sst2\/train.tsv lines \d+, .*\); a lower --learning_rate is the usual remedy$/,
      ),
    ]);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^rocoft: /);
    expect(listing(cwd, "out/diverged")).toEqual(unfinished);
    const again = await rocoft(["predict", "out/diverged", "--text", "a"], { cwd });
    expect(again.stderr).toBe("rocoft: out/diverged: has no adapter, its training did not reach a first evaluation\n");
  });

  test("of the validation set, after the last step, does so too", async () => {
    const last = ["--max_steps", "1", "--warmup_steps", "0", "--output_dir", "out/last"];
    const { code, stdout, stderr } = await rocoft(["train", ...flags, ...last], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      "rocoft: training: the validation loss is NaN after step 1; a lower --learning_rate is the usual remedy",
    );
    expect(listing(cwd, "out/last")).toEqual(unfinished);
  });

  test("leaves nothing of an earlier run that was written over", async () => {
    const first = await rocoft(["train", ...flags, "--learning_rate", "1e-3", "--output_dir", "out/stale"], { cwd });
    expect(first.code).toBe(0);
    expect(listing(cwd, "out/stale")).toContain("metrics.json");
    const second = await rocoft(["train", ...flags, "--output_dir", "out/stale", "--overwrite_output_dir"], { cwd });
    expect(second.code).toBe(1);
    expect(listing(cwd, "out/stale")).toEqual(["adapter", ...unfinished]);
  });
});
