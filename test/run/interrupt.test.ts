/** Interrupting a training: once to save and leave, twice to leave at once, before it begins to leave nothing. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { interruptible } from "../../src/cli/interrupt.ts";
import { fineTune } from "../../src/node.ts";
import { type Outcome, rocoft, start, scoresOf } from "../cli.ts";
import { table, workshop, write } from "../tiny-model.ts";

const cwd = workshop();
const flags = ["--model", "roberta", "--task", "sst2", "--data", "sst2", "--max_seq_length", "10", "--threads", "1"];
const endless = ["--per_device_train_batch_size", "8", "--num_train_epochs", "1000000", "--logging_steps", "1"];
const read = (run: string, name: string) =>
  JSON.parse(readFileSync(join(cwd, run, name), "utf8")) as Record<string, unknown>;
const lastEvent = (run: string) =>
  JSON.parse(
    readFileSync(join(cwd, run, "events.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .at(-1)!,
  ) as object;
const saving = "interrupted: saving what is best so far; interrupt again to leave at once\n";

/** Starts a training without end, and interrupts it when it has said `text`. */
async function interrupted(run: string, text: string, signal: NodeJS.Signals, ...more: string[]): Promise<Outcome> {
  const training = start(["train", ...flags, ...endless, "--output_dir", run, ...more], { cwd });
  await training.said(text);
  training.process.kill(signal);
  return training.outcome;
}

test.each(["SIGINT", "SIGTERM"] as const)("%s once saves the best and leaves with 130", async (signal) => {
  const run = `run-${signal}`;
  const { code, stdout, stderr } = await interrupted(run, "epoch 2.00", signal, "--json");
  expect(code).toBe(130);
  expect(stderr).toContain(saving);
  const result = JSON.parse(stdout) as { reason: string; step: number; scores: object; protocols: object };
  expect(result.reason).toBe("interrupted");
  expect(read(run, "metrics.json")).toEqual({
    reason: "interrupted",
    step: result.step,
    ...result.scores,
    protocols: result.protocols,
  });
  expect(lastEvent(run)).toMatchObject({ type: "end", reason: "interrupted", bestStep: result.step });
  expect(await scoresOf([run, "--data", "sst2"], { cwd })).toEqual(result.scores);
});

test("an interruption before the first evaluation saves the last step", async () => {
  const { code, stdout } = await interrupted("early", "step 1/", "SIGINT", "--eval_steps", "1000000000", "--json");
  expect(code).toBe(130);
  const { step, scores } = JSON.parse(stdout) as { step: number; scores: null };
  expect(scores).toBe(null);
  expect(step).toBeGreaterThan(0);
  expect(read("early", "metrics.json")).toEqual({ reason: "interrupted", step });
  expect((await rocoft(["predict", "early", "--text", "so good"], { cwd })).code).toBe(0);
});

test("an interruption in the middle of an evaluation does not wait for its end", async () => {
  // After the first step comes an evaluation of 30,000 batches, which takes many seconds.
  const rows = Array.from({ length: 30_000 }, (_, i) => [i % 2, "so good"]);
  write(join(cwd, "many.tsv"), table(["label", "sentence"], rows));
  const slow = ["--data", "sst2/train.tsv", "--validation_file", "many.tsv", "--per_device_eval_batch_size", "1"];
  const { code, stdout } = await interrupted("cut", "step 1/", "SIGINT", ...slow, "--eval_steps", "1", "--json");
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ reason: "interrupted", step: 1, scores: null });
  expect(read("cut", "metrics.json")).toEqual({ reason: "interrupted", step: 1 });
  expect(existsSync(join(cwd, "cut", "adapter", "adapter_model.safetensors"))).toBe(true);
});

test("a second interruption leaves at once", () => {
  const first = vi.fn();
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`left with ${code}`);
  });
  const { signal, listen, release } = interruptible(first);
  const before = process.listeners("SIGINT").length;
  listen();
  const interrupt = process.listeners("SIGINT").at(-1) as () => void;
  interrupt();
  expect({ aborted: signal.aborted, said: first.mock.calls.length, left: exit.mock.calls.length }).toEqual({
    aborted: true,
    said: 1,
    left: 0,
  });
  expect(interrupt).toThrow("left with 130");
  expect(first).toHaveBeenCalledTimes(1);
  release();
  expect(process.listeners("SIGINT").length).toBe(before);
  exit.mockRestore();
});

test("a training that is called off before it begins writes nothing", async () => {
  const [model, data, output] = ["roberta", "sst2", "called-off"].map((name) => join(cwd, name)) as [
    string,
    string,
    string,
  ];
  const input = { model, data, output_dir: output, task: "sst2", max_seq_length: 10 } as const;
  const training = fineTune(input, { signal: AbortSignal.abort() });
  await expect(training.next()).rejects.toThrow(/^interrupted before training began, nothing is written$/);
  expect(existsSync(output)).toBe(false);
});
