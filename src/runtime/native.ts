/** ONNX Runtime as a native library in Node: the CPU, all of its cores. */
import { availableParallelism } from "node:os";
import type { InferenceSession } from "onnxruntime-common";
import { createRuntime, type Runtime } from "./runtime.ts";

export interface NativeOptions {
  /** Threads of one operator; all the cores unless given. */
  readonly threads?: number;
  /** Write ONNX Runtime's own profile (JSON, time per node) to files that begin with this path. */
  readonly profilePrefix?: string;
}

/**
 * Loads onnxruntime-node. Its telemetry is switched off, and memory patterns too, which would double the arena from the second
 * run on. Worker threads do not spin: a training's and an evaluation's session would slow each other down, and any other program. Kept
 * within a run (`force_spinning_stop`) it makes most processes faster and some slower, from their first step to their last.
 */
export async function nativeRuntime({
  threads = availableParallelism(),
  profilePrefix,
}: NativeOptions = {}): Promise<Runtime> {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
  const ort = await import("onnxruntime-node");
  const version = ort.env.versions.node ?? "unknown version";
  const options: InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "basic",
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
  return createRuntime(ort, `onnxruntime-node ${version}, ${threads} threads`, options, () =>
    process.memoryUsage.rss(),
  );
}
