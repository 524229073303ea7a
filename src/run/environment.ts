/** What is needed to reproduce a run besides its configuration: versions, the processor, and hashes of what was read. */
import { createRequire } from "node:module";
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { resolve } from "node:path";
import { sha256File } from "../hub/files.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { baseHash } from "./base.ts";
import type { PreparedRun } from "./prepare.ts";

export interface Environment {
  readonly rocoft: string;
  readonly node: string;
  readonly runtime: string;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly seed: number;
  readonly model: { readonly name: string; readonly revision: string | null; readonly sha256: string };
  /** SHA-256 of each data file by its absolute path. */
  readonly data: Readonly<Record<string, string>>;
  readonly started: string;
}

/** This package's version. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
  return version;
}

export async function describeEnvironment(
  { config, resolved, folder, train, validation, extra }: PreparedRun,
  runtime: Runtime,
): Promise<Environment> {
  const files = [...new Set([train, validation, ...extra].map(({ where }) => where))];
  return {
    rocoft: packageVersion(),
    node: process.version,
    runtime: runtime.description,
    platform: `${platform()} ${release()}`,
    processor: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    seed: config.settings.seed,
    model: { name: resolved.id, revision: resolved.revision, sha256: await baseHash({ folder }, config.settings.init) },
    data: Object.fromEntries(
      await Promise.all(files.map(async (file) => [resolve(file), await sha256File(file)] as const)),
    ),
    started: new Date().toISOString(),
  };
}
