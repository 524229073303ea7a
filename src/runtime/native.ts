/** ONNX Runtime as a native library in Node: the CPU, all of its cores, or a graphics processor. */
import { availableParallelism } from "node:os";
import type { Env, InferenceSession } from "onnxruntime-common";
import { type Device, deviceOf, devices } from "./device.ts";
import { input, mul } from "../graph/ops.ts";
import { tensor } from "../tensor/tensor.ts";
import { createRuntime, type Ort, type Runtime } from "./runtime.ts";

/** What computes. */
export interface ComputeOptions {
  /** Threads of one operator on the CPU; all the cores unless given. */
  readonly threads?: number | null | undefined;
  /** What the environment variable ROCOFT_DEVICE says unless given, or the CPU. */
  readonly device?: Device | null | undefined;
}

export interface NativeOptions extends ComputeOptions {
  /** Write ONNX Runtime's own profile (JSON, time per node) to files that begin with this path. */
  readonly profilePrefix?: string;
}

/** Long beside the gaps between the parts of a small model's step, short beside what the system gives a program at a time. */
const SPIN_MICROSECONDS = 100;

/**
 * Loads onnxruntime-node. Its telemetry is switched off, and memory patterns too, which would double the arena from the second
 * run on. Worker threads wait for their next share of a run for {@link SPIN_MICROSECONDS} before they sleep, and sleep when it ends: sessions
 * would slow each other down else, and so would this program and others on the same cores.
 * @throws Error in one line when the device is not there, or nothing that computes on it is installed.
 */
export async function nativeRuntime({ threads, device, profilePrefix }: NativeOptions = {}): Promise<Runtime> {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
  const chosen = deviceOf(device);
  const { environment, hasOwnMemory } = devices[chosen];
  for (const [name, value] of Object.entries(environment)) process.env[name] ??= value;
  const ort = await import("onnxruntime-node");
  const version = ort.env.versions.node ?? "unknown version";
  const count = threads ?? availableParallelism();
  const onDevice = chosen !== "cpu";
  const options: InferenceSession.SessionOptions = {
    executionProviders: onDevice ? [chosen, "cpu"] : ["cpu"],
    intraOpNumThreads: count,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "basic",
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { spin_duration_us: String(SPIN_MICROSECONDS) }, force_spinning_stop: "1" } },
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
  if (onDevice) await tryDevice(ort, chosen, options);
  return createRuntime(ort, `onnxruntime-node ${version}, ${onDevice ? chosen : `${count} threads`}`, options, {
    residentBytes: () => process.memoryUsage.rss(),
    hasOwnMemory,
  });
}

/** @throws Error in one line when the simplest of models is not computed there. */
async function tryDevice(
  ort: Ort & { readonly env: Env },
  device: Device,
  options: InferenceSession.SessionOptions,
): Promise<void> {
  // What is missing is said in the error alone.
  ort.env.logLevel = "fatal";
  const probe = input("x", [1]);
  const alone = { ...options, executionProviders: [device] };
  try {
    const program = await createRuntime(ort, device, alone).compile({ y: mul(probe, probe) });
    await program.run({ x: tensor("float32", [1], Float32Array.of(1)) });
    await program.dispose();
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    const { description, needs } = devices[device];
    const what = `--device ${device}: nothing can be computed on ${description} here: ${reason}`;
    throw new Error(`${what}; it takes ${needs}`, { cause: error });
  }
}
