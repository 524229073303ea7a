/** Settings from a file, from flags, and under run_glue.py's names. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { json } from "../cli.ts";
import { refused, refusedHere } from "../run/refused.ts";
import { workshop, write } from "../tiny-model.ts";

const cwd = workshop();
const file = (name: string, text: string) => write(join(cwd, name), text).slice(cwd.length + 1);

interface Plan {
  readonly config: Readonly<Record<string, unknown>>;
}
const planned = async (...args: readonly string[]) => (await json<Plan>(["plan", ...args], { cwd })).config;

const settings = {
  model: join(cwd, "roberta"),
  task: "sst2",
  data: join(cwd, "sst2"),
  max_seq_length: 10,
  learning_rate: 0.002,
  rank: 2,
  update: "both",
  target_modules: ["query", "value"],
  train_bias: true,
};

const yaml = `# a comment
model: roberta
task: sst2
data: sst2
max_seq_length: 10
learning_rate: 2e-3
rank: 2
update: both
target_modules: [query, value]
train_bias: true
`;

describe.concurrent("settings", () => {
  test.each([
    ["YAML", file("a.yaml", yaml)],
    ["JSON", file("a.json", JSON.stringify(settings))],
    ["JSON with tabs", file("b.json", JSON.stringify(settings, null, "\t"))],
  ])("of a file in %s", async (_, path) => {
    expect(await planned("-c", path)).toMatchObject(settings);
  });

  test("by flags go before those of a file", async () => {
    const flags = ["--rank", "4", "--target_modules", "key", "--learning_rate", "5e-4"];
    const expected = { ...settings, rank: 4, target_modules: ["key"], learning_rate: 5e-4 };
    expect(await planned("--config", file("c.yaml", yaml), ...flags)).toMatchObject(expected);
  });

  test("by flags: lists with spaces or commas", async () => {
    const base = ["--model", "roberta", "--task", "sst2", "--data", "sst2", "--max_seq_length", "10"];
    expect(await planned(...base, "--target_modules", "query", "value")).toMatchObject({
      target_modules: ["query", "value"],
    });
    expect(await planned(...base, "--target_modules", "query,value")).toMatchObject({
      target_modules: ["query", "value"],
    });
  });

  test.each([
    ["--regression", { regression: true }],
    ["--no-regression", { regression: false }],
    ["--overwrite_output_dir", { overwrite_output_dir: true }],
    ["--train_bias", { train_bias: true }],
    ["--group_by_length", { group_by_length: true }],
    ["--no-group_by_length", { group_by_length: false }],
  ])("by flags that are yes or no: %s", async (flag, expected) => {
    const base = ["--model", "bert", "--data", "scores.jsonl", "--max_seq_length", "10"];
    expect(await planned(...base, flag)).toMatchObject(expected);
  });

  test("under run_glue.py's names, as flags and in a file", async () => {
    const names = { model_name_or_path: "roberta", task_name: "sst2", train_file: "sst2/train.tsv" };
    const others = { validation_file: "sst2/dev.tsv", max_seq_length: 10, num_train_epochs: 2 };
    const paths = { model: "roberta", data: "sst2/train.tsv", validation_file: "sst2/dev.tsv" };
    const whole = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, join(cwd, path)]));
    const expected = { task: "sst2", ...others, ...whole };
    const flags = Object.entries({ ...names, ...others }).flatMap(([name, value]) => [`--${name}`, String(value)]);
    expect(await planned(...flags)).toMatchObject(expected);
    expect(await planned("-c", file("glue.json", JSON.stringify({ ...names, ...others })))).toMatchObject(expected);
  });

  test("that are not given are RoCoFT's published ones", async () => {
    const { learningRate, config } = await json<Plan & { learningRate: number }>(
      ["plan", "--model", "roberta", "--data", "reviews.csv", "--max_seq_length", "10"],
      { cwd },
    );
    expect(learningRate).toBe(1e-3);
    expect(config).toMatchObject({
      warmup_steps: 100,
      lr_scheduler_type: "cosine",
      weight_decay: 0,
      group_by_length: true,
      train_bias: false,
    });
  });
});

const bad: Readonly<Record<string, readonly [text: string, message: string | RegExp]>> = {
  "a file that is no YAML": ["model: [\n", /^bad\.yaml: .* at line 2, column 1$/],
  "a list of settings": ["- rank: 2\n", "bad.yaml: expected settings by name, one a line (learning_rate: 0.001)"],
  "an unknown setting": [`${yaml}modle: roberta\n`, /^configuration: unknown setting "modle", nearest of \d+: model, /],
  "a text for a number": [`${yaml}warmup_steps: many\n`, 'warmup_steps: "many", expected number'],
  "a text for yes or no": [`${yaml}group_by_length: often\n`, 'group_by_length: "often", expected boolean'],
  "a number in quotes": [`${yaml}warmup_steps: "10"\n`, 'warmup_steps: "10", expected number'],
  "nothing for a name": ["model:\ndata: sst2\n", "model: null, expected string"],
  "a setting twice": [`${yaml}rank: 3\n`, /^bad\.yaml: Map keys must be unique at line \d+, column 1$/],
};

describe("a configuration file with a fault is refused in one line", () => {
  test.each(Object.entries(bad))("%s", (_, [text, message]) =>
    refusedHere(cwd, ["train", "-c", file("bad.yaml", text), "--output_dir", "out"], message),
  );

  test("one that is not there", () =>
    refused(cwd, ["train", "-c", "none.yaml"], "none.yaml: cannot be read: no such file or folder"));
});
