/** What every refusal looks like: exit code 1, nothing on standard output, and one line that says why. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type Outcome, rocoft } from "../cli.ts";

/** Runs a command as a process of its own in the folder `cwd`, and expects it to be refused with `message`. */
export async function refused(cwd: string, args: readonly string[], message: string | RegExp): Promise<void> {
  expectRefusal(await rocoft(args, { cwd }), message);
}

/** The same in this process, a hundred times faster, for long tables: one at a time, since it goes to the folder `cwd`. */
export async function refusedHere(cwd: string, args: readonly string[], message: string | RegExp): Promise<void> {
  const before = process.cwd();
  process.chdir(cwd);
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    const code = await main(args);
    for (const spy of spies) spy.mockRestore();
    expectRefusal({ code, ...written }, message);
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.chdir(before);
  }
}

function expectRefusal({ code, stdout, stderr }: Outcome, message: string | RegExp): void {
  expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/^rocoft: [^\n]+\n$/);
  const said = stderr.slice("rocoft: ".length, -1);
  if (typeof message === "string") expect(said).toBe(message);
  else expect(said).toMatch(message);
}

/** The paths under a folder, in order. */
export function listing(...folder: readonly string[]): string[] {
  return readdirSync(join(...folder), { recursive: true, encoding: "utf8" }).toSorted();
}
