/** The list of methods. */
import { expect, test } from "vitest";
import { methods } from "../../src/peft/registry.ts";
import { json, output } from "../cli.ts";

test("every method has a row: what it trains, its learning rate, options and source", async () => {
  const text = await output(["methods"], { cwd: "." });
  const rows = text.trimEnd().split("\n").slice(2);
  expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(Object.keys(methods));
  for (const [i, { summary, reference }] of Object.values(methods).entries()) {
    expect(rows[i]).toContain(`  ${summary}  `);
    expect(rows[i]!.endsWith(`  ${reference}`)).toBe(true);
  }
  expect(rows[0]).toMatch(/ {2}1e-3 +update, rank, [^ ]/);
  expect(rows[0]).toContain(`  ${Object.keys(methods.rocoft.options).join(", ")}  `);
});

test("--json has the same", async () => {
  const rows = await json<{ name: string; learning_rate: number; options: string[] }[]>(["methods"], { cwd: "." });
  expect(rows.find(({ name }) => name === "bitfit")).toMatchObject({ learning_rate: 1e-3, options: [] });
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(methods));
});

test("a method by name: its options with their defaults, and whether it merges", async () => {
  const lora = await output(["methods", "lora"], { cwd: "." });
  expect(lora).toMatch(/^lora\ntrains +a product of two low-rank matrices/);
  expect(lora).toMatch(/\n {2}--rank <number> +rank of the matrices that are added \(default: 8\)\n/);
  expect(await output(["methods", "mam"], { cwd: "." })).toMatch(/\nmerges +no: its keys and values/);
  expect(await output(["methods", "bitfit"], { cwd: "." })).toMatch(/\nno options\n$/);
});
