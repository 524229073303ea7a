/** Programs as a person starts them. */
import { spawn } from "node:child_process";

export interface Finished {
  /** The exit code; null where a signal ended the process. */
  readonly code: number | null;
  /** What it wrote to standard output. */
  readonly output: string;
  /** What it wrote to standard error. */
  readonly errors: string;
}

export interface Place {
  readonly cwd: string;
  /** What is added to the environment, of which vitest's own variables are taken out. */
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: boolean;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], place: Place): Promise<Finished> {
  const { VITEST: _, NODE_ENV: __, ...inherited } = process.env;
  const { cwd, env = {}, shell = false } = place;
  const child = spawn(program, args, { cwd, shell, env: { ...inherited, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const written = { output: "", errors: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written.errors += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...written }));
  });
}

/** Runs a TypeScript file as `npx tsx` does; nothing of the network is used. */
export function tsx(file: string, args: readonly string[], { cwd, env = {} }: Place): Promise<Finished> {
  const surroundings = { HF_HUB_OFFLINE: "1", TSX_DISABLE_CACHE: "1", ...env };
  return run(process.execPath, ["--import", import.meta.resolve("tsx"), file, ...args], { cwd, env: surroundings });
}
