/** Models scored by what they say and by what they find likely, with the protocol beside the scores. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { fineTune } from "../../src/run/fine-tune.ts";
import { scoreModel } from "../../src/run/scoring/scorer.ts";
import { makeTinyDecoder } from "../tiny-decoder.ts";
import { scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const question = (i: number) => ({ id: `q${i}`, question: `Is it ${i}?`, choices: ["yes", "no"], label: i % 2 });

beforeAll(async () => {
  makeTinyDecoder(path("decoder"), { max_position_embeddings: 512 });
  const rows = Array.from({ length: 8 }, (_, i) => question(i));
  write(path("arc", "train.jsonl"), jsonl(rows));
  write(path("arc", "test.jsonl"), jsonl(rows.slice(0, 5)));
  const run = fineTune({
    model: path("decoder"),
    init: "random",
    task: "arc_easy",
    data: path("arc"),
    max_seq_length: 400,
    max_steps: 2,
    warmup_steps: 0,
    per_device_train_batch_size: 4,
    threads: 1,
    output_dir: path("run"),
  });
  for await (const { type } of run) expect(type).not.toBe("checkpoint");
}, 60_000);

test("both ways on a run, each with its protocol", async () => {
  const progress: string[] = [];
  const { scores, protocols } = await scoreModel({ run: path("run") }, path("arc", "test.jsonl"), {
    threads: 1,
    batchSize: 2,
    onProgress: (way, done, total) => progress.push(`${way} ${done}/${total}`),
  });
  expect(Object.keys(scores)).toEqual(["accuracy", "acc", "acc_norm"]);
  for (const score of Object.values(scores)) expect([0, 0.2, 0.4, 0.6, 0.8, 1]).toContain(score);
  expect(protocols.map(({ scores: names, items }) => [names, items])).toEqual([
    [["accuracy"], 5],
    [["acc", "acc_norm"], 5],
  ]);
  expect(protocols[0]).toMatchObject({
    decoding: { num_beams: 4, max_new_tokens: 32 },
    max_seq_length: 480,
    truncated: 0,
  });
  for (const protocol of protocols) expect(protocol.sample).toBeUndefined();
  expect(protocols[0]!.prompt).toContain("Is it 0?");
  expect(protocols[0]!.prompt).not.toContain("the correct answer is");
  expect(progress).toEqual([
    "generation 2/5",
    "generation 4/5",
    "generation 5/5",
    "likelihood 2/5",
    "likelihood 4/5",
    "likelihood 5/5",
  ]);
});

test("fewer items are the same ones each time", async () => {
  const score = () =>
    scoreModel({ run: path("run") }, path("arc", "test.jsonl"), { threads: 1, ways: ["likelihood"], items: 2 });
  const first = await score();
  expect(first.protocols).toMatchObject([{ items: 2, sample: "2 of 5, drawn by seed 42", split: "test" }]);
  expect(await score()).toEqual(first);
});

test("a prompt that leaves no room for what is said is counted as cut, and a bad row as its reader has it", async () => {
  const long = { ...question(1), question: "so ".repeat(200) };
  const file = write(path("odd.jsonl"), jsonl([question(0), { question: 7 }, long]));
  const reasons: string[] = [];
  const options = { threads: 1, ways: ["generation"] } as const;
  const onBadRow = ({ message }: Error) => reasons.push(message);
  const { protocols } = await scoreModel({ run: path("run") }, file, { ...options, onBadRow });
  expect(protocols).toMatchObject([{ items: 2, truncated: 1, split: null }]);
  expect(reasons).toEqual([expect.stringMatching(/odd\.jsonl:2: /)]);
  await expect(scoreModel({ run: path("run") }, file, options)).rejects.toThrow(reasons[0]);
});
