/** Training data that is known to hold items of the test: said wherever the run is seen, and beside its scores. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Protocol } from "../../src/run/scoring/protocol.ts";
import { json, rocoft } from "../cli.ts";
import { makeTinyDecoder } from "../tiny-decoder.ts";
import { scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
makeTinyDecoder(path("decoder"), { max_position_embeddings: 800 });
const record = (i: number) => ({
  instruction: `What is ${i} + 1?`,
  input: "",
  output: `It is ${i + 1}.`,
  answer: `${i + 1}`,
});
write(path("sets", "math_data.json"), JSON.stringify([1, 2, 3, 4].map(record)));
write(path("test.jsonl"), `${JSON.stringify({ question: "What is 1 + 1?", answer: "It is 2.\n#### 2" })}\n`);

const warning =
  "sets/math_data.json is taken for LLM-Adapters' math_data.json; it holds 1,055 of the 1,319 test questions that gsm8k is scored on";
const train = "train --model decoder --init random --task gsm8k --data sets/math_data.json --max_seq_length 400".split(
  " ",
);
const short = "--max_steps 1 --warmup_steps 0 --threads 1 --output_dir run --json".split(" ");

interface Warned {
  readonly warnings: readonly string[];
  readonly protocols: readonly Protocol[];
}

test("a run on math_data.json warns on the terminal, in its events, in its result and beside all scores", async () => {
  const { code, stdout, stderr } = await rocoft([...train, ...short], { cwd });
  expect({ code, said: stderr.includes(`warning: ${warning}\n`) }).toEqual({ code: 0, said: true });
  const result = JSON.parse(stdout) as Warned;
  expect(result.warnings).toContain(warning);
  const lines = readFileSync(path("run", "events.jsonl"), "utf8").trimEnd().split("\n");
  const events = lines.map((line) => JSON.parse(line) as Warned & { readonly type: string });
  expect(events.find(({ type }) => type === "ready")?.warnings).toContain(warning);
  const evaluations = events.filter(({ type }) => type === "evaluation");
  const metrics = JSON.parse(readFileSync(path("run", "metrics.json"), "utf8")) as Warned;
  expect(evaluations.length).toBeGreaterThan(0);
  const heldOut = {
    scores: ["loss", "perplexity"],
    data: path("sets", "math_data.json"),
    items: 1,
    sample: "a share of 0.1 drawn by seed 42, the others are trained on",
    warnings: result.warnings,
  };
  for (const { protocols } of [result, metrics, ...evaluations]) expect(protocols).toMatchObject([heldOut]);
  const scored = ["evaluate", "run", "--data", "test.jsonl"];
  const likely = await json<Warned>(scored, { cwd });
  const said = await json<Warned>([...scored, "--scoring", "generation"], { cwd });
  for (const { protocols } of [likely, said]) {
    expect(protocols.length).toBeGreaterThan(0);
    for (const protocol of protocols) expect(protocol).toMatchObject({ split: "test", warnings: result.warnings });
  }
}, 120_000);
