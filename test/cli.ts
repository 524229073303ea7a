/** The command line as a person runs it: `node bin/rocoft.js`, of what `npm run build` made. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Protocol } from "../src/run/scoring/protocol.ts";

export interface Outcome {
  /** The exit code; null where a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  /** What has been written to standard error so far. */
  stderr(): string;
  /** Resolves when `text` has been written to standard error; rejects when the process ends without it. */
  said(text: string): Promise<void>;
  readonly outcome: Promise<Outcome>;
}

const program = join(import.meta.dirname, "..", "bin", "rocoft.js");

export interface Surroundings {
  readonly cwd: string;
  /** What standard input holds. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `rocoft` with `args` in the folder `cwd`; nothing of the network is used unless `env` says so. */
export function start(args: readonly string[], { cwd, input = "", env = {} }: Surroundings): Started {
  const { VITEST: _, NODE_ENV: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...inherited, HF_HUB_OFFLINE: "1", ...env },
  });
  const written = { stdout: "", stderr: "" };
  const waiting: { text: string; found: () => void; lost: (error: Error) => void }[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    written.stderr += text;
    for (const { text: expected, found } of waiting) if (written.stderr.includes(expected)) found();
  });
  child.stdin.on("error", () => {}).end(input);
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      for (const { text, lost } of waiting) lost(new Error(`ended without ${text}: ${written.stderr}`));
      resolve({ code, ...written });
    });
  });
  return {
    process: child,
    outcome,
    stderr: () => written.stderr,
    said: (text) =>
      new Promise((found, lost) => {
        if (written.stderr.includes(text)) found();
        else waiting.push({ text, found, lost });
      }),
  };
}

/** Runs `rocoft` with `args` in the folder `cwd` to its end. */
export function rocoft(args: readonly string[], options: Surroundings): Promise<Outcome> {
  return start(args, options).outcome;
}

/** Runs `rocoft`, which must succeed, and gives its standard output. */
export async function output(args: readonly string[], options: Surroundings): Promise<string> {
  const { code, stdout, stderr } = await rocoft(args, options);
  if (code !== 0) throw new Error(`rocoft ${args.join(" ")} exited with ${code}: ${stderr}`);
  return stdout;
}

/** Runs `rocoft` with `--json`, and reads what it prints: one line of JSON and nothing else. */
export async function json<T>(args: readonly string[], options: Surroundings): Promise<T> {
  const text = await output([...args, "--json"], options);
  if (!/^[^\n]+\n$/.test(text)) throw new Error(`expected one line, got ${JSON.stringify(text.slice(0, 200))}`);
  return JSON.parse(text) as T;
}

/**
 * Runs `rocoft evaluate` with `--json`, and gives the scores that it prints without their protocols, of which each must have one.
 * @param args what stands behind `evaluate`
 */
export async function scoresOf<T extends Readonly<Record<string, number>> = Readonly<Record<string, number>>>(
  args: readonly string[],
  options: Surroundings,
): Promise<T> {
  const { protocols, ...scores } = await json<T & { protocols: readonly Protocol[] }>(["evaluate", ...args], options);
  const told = protocols.flatMap((protocol) => protocol.scores);
  if (told.toSorted().join() !== Object.keys(scores).toSorted().join())
    throw new Error(`expected one protocol for each of ${Object.keys(scores).join(", ")}, got ${told.join(", ")}`);
  return scores as unknown as T;
}
