/** What the benchmarks share: running a program to its end, medians, and the line that says where and when. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join, resolve } from "node:path";
import { deviceOf } from "../src/runtime/device.ts";

export const root: string = resolve(import.meta.dirname, "..");
export const cli: string = join(root, "bin", "rocoft.js");

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** From start to end, as a person waits. */
  readonly seconds: number;
}

/** Runs a program to its end. @throws Error with the end of its complaint when it fails. */
export function run(program: string, args: readonly string[]): Finished {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, HF_HUB_OFFLINE: "1" },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} exited with ${status}: ${stderr.slice(-500)}`);
  return { stdout, stderr, seconds: (performance.now() - start) / 1000 };
}

/** Runs `rocoft` beside what else runs. @throws Error (rejects) with the end of its complaint when it fails. */
export function runCli(args: readonly string[]): Promise<Finished> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, HF_HUB_OFFLINE: "1" },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    child.on("close", (code) => {
      if (code === 0) resolve({ stdout, stderr, seconds: (performance.now() - start) / 1000 });
      else reject(new Error(`rocoft ${args.join(" ")} exited with ${code}: ${stderr.slice(-500)}`));
    });
  });
}

/** Runs a TypeScript program of this folder. */
export function runHere(file: string, args: readonly string[]): Finished {
  return run(process.execPath, ["--import", "tsx", join(root, "bench", file), ...args]);
}

/** The last line a program printed, as JSON. */
export function lastJson<T>({ stdout }: Finished): T {
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as T;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Flags of Linux's /proc/cpuinfo for instructions that multiply integers or floats, the most capable first. */
const INSTRUCTIONS: readonly (readonly [string, string])[] = [
  ["amx_int8", "AMX"],
  ["avx512_vnni", "AVX-512 VNNI"],
  ["avx_vnni", "AVX-VNNI"],
  ["avx512f", "AVX-512"],
  ["avx2", "AVX2"],
];

/** What the processor can do that its name may not tell; nothing where the system does not say. */
function instructions(): string {
  if (!existsSync("/proc/cpuinfo")) return "";
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" ") ?? [];
  const known = INSTRUCTIONS.find(([flag]) => flags.includes(flag));
  return known ? ` with ${known[1]}` : "";
}

/** Processor, cores and date: what a figure is worth nothing without. */
export function machine(): string {
  const processor = `${cpus()[0]?.model ?? "unknown processor"}${instructions()}, ${availableParallelism()} cores`;
  const names =
    deviceOf() === "cuda" ? run("nvidia-smi", ["--query-gpu=name", "--format=csv,noheader"]).stdout.trim() : null;
  return [names, processor, new Date().toISOString().slice(0, 10)].filter((part) => part !== null).join(", ");
}
