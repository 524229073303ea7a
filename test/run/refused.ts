/** What every refusal looks like. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { rocoft } from "../cli.ts";

/** Runs a command in the folder `cwd` and expects exit code 1, nothing on standard output, and one line that says `message`. */
export async function refused(cwd: string, args: readonly string[], message: string | RegExp): Promise<void> {
  const { code, stdout, stderr } = await rocoft(args, { cwd });
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
