/** Help, version, and what is said to a command line that asks for what there is not. */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { methods } from "../../src/peft/registry.ts";
import { aliases, trainFields } from "../../src/run/config.ts";
import { output, rocoft } from "../cli.ts";

const cwd = tmpdir();
const commands = ["train", "evaluate", "predict", "generate", "merge", "export", "methods", "tasks", "ntk", "plan"];

describe.concurrent("help", () => {
  test.each(commands)("%s --help has flags and examples that are commands", async (command) => {
    const help = await output([command, "--help"], { cwd });
    expect(help).toMatch(new RegExp(`^Usage: rocoft ${command} `));
    expect(help).toMatch(/^ {2}--json +print one machine-readable result$/m);
    const examples = help.split("\nExamples:\n")[1]!;
    expect(examples.split("\n").filter((line) => line.includes(`rocoft ${command} `)).length).toBeGreaterThan(0);
    expect(await output(["help", command], { cwd })).toBe(help);
  });

  test.each([[], ["--help"], ["-h"], ["help"]])("rocoft %s lists every command", async (...args) => {
    const help = await output(args, { cwd });
    for (const command of commands) expect(help).toMatch(new RegExp(`^ {2}${command} {2,}\\S`, "m"));
  });

  test.each(["train", "plan"])("%s --help has every setting and option, each with its description", async (command) => {
    // Descriptions may be broken over lines.
    const help = (await output([command, "--help"], { cwd })).replaceAll(/\s+/g, " ");
    const options = Object.values(methods).flatMap((method) => Object.entries(method.options as z.ZodRawShape));
    const settings = [...Object.entries(trainFields), ...options] as [string, z.ZodType][];
    for (const [name, { description }] of settings) {
      expect(description, name).toBeTruthy();
      expect(help).toMatch(new RegExp(` --${name}( <[^>]+>)? \\w`));
      expect(help).toContain(description);
    }
  });

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(await output(["--version"], { cwd })).toBe(`${version}\n`);
  });
});

const misuses: Readonly<Record<string, string>> = {
  trian: 'unknown command "trian", nearest of 10: train, plan, tasks, predict, merge',
  "help trian": 'unknown command "trian", nearest of 10: train, plan, tasks, predict, merge',
  "--verion": "unknown option '--verion' (Did you mean --version?)",
  "train --lerning_rate 1e-3": "unknown option '--lerning_rate' (Did you mean --learning_rate?)",
  "plan --modle roberta": "unknown option '--modle' (Did you mean --model?)",
  "predict run --txt a": "unknown option '--txt' (Did you mean --text?)",
  "train --rank": "option '--rank <number>' argument missing",
  "train here": "too many arguments. Expected 0 arguments but got 1.",
  "evaluate run": "required option '--data <file>' not specified",
  "merge run": "required option '--output_dir <folder>' not specified",
  "export run folder": "required option '--format <name>' not specified",
  "export run folder --format h5":
    "option '--format <name>' argument 'h5' is invalid. Allowed choices are peft, lora, adapters, onnx.",
  ...Object.fromEntries(
    ["evaluate run --data sst2", "predict run", "generate run --prompt a"].map((command) => [
      `${command} --quantization int2`,
      "option '--quantization <way>' argument 'int2' is invalid. Allowed choices are none, int8, int4.",
    ]),
  ),
  "merge run --output_dir merged --quantization none":
    "option '--quantization <way>' argument 'none' is invalid. Allowed choices are int8, int4.",
  "merge run --output_dir merged --quantization int8 --dtype float16":
    "option '--quantization <way>' cannot be used with option '--dtype <type>'",
  "export run folder --format peft --quantization int8": "unknown option '--quantization'",
  "predict run --max_seq_length many":
    "option '--max_seq_length <number>' argument 'many' is invalid. many is not a whole number above 0.",
};

test.concurrent.each(Object.entries(misuses))(
  "rocoft %s is misuse: exit code 2 and one line",
  async (args, message) => {
    const expected = { code: 2, stdout: "", stderr: `rocoft: ${message}\n` };
    expect(await rocoft(args.split(" "), { cwd })).toEqual(expected);
  },
);

test("other spellings of settings are of settings that there are", () => {
  for (const name of Object.values(aliases)) expect(trainFields).toHaveProperty(name);
});
