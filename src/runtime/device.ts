/** What a graph can be computed on, as ONNX Runtime's execution providers are named. */

interface DeviceTraits {
  /** What it is, in a word of help. */
  readonly description: string;
  /** What it takes, for who lacks it. */
  readonly needs: string;
  /** Whether its memory is another than the processor's. */
  readonly hasOwnMemory: boolean;
  /** What is set before the provider is loaded, unless it is set already. */
  readonly environment: Readonly<Record<string, string>>;
}

export type Device = "cpu" | "cuda";

export const devices: Readonly<Record<Device, DeviceTraits>> = {
  cpu: { description: "the processor", needs: "", hasOwnMemory: false, environment: {} },
  cuda: {
    description: "an NVIDIA GPU",
    needs: "CUDA 12, cuDNN 9 and ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node",
    hasOwnMemory: true,
    // Products of float32 are products of float32, not of their first ten bits.
    environment: { NVIDIA_TF32_OVERRIDE: "0" },
  },
};

export const deviceNames: readonly [Device, ...Device[]] = Object.keys(devices) as [Device, ...Device[]];

/** What is said of the setting. */
export const deviceHelp: string = `what computes: ${Object.entries(devices)
  .map(([name, { description }]: [string, DeviceTraits]) => `${name} (${description})`)
  .join(" or ")}; what ROCOFT_DEVICE names, or cpu, by default`;

/**
 * The device that was asked for, by name or by the environment variable ROCOFT_DEVICE; the CPU where neither is.
 * @throws Error in one line when the variable names none.
 */
export function deviceOf(device?: Device | null, variable: string = process.env["ROCOFT_DEVICE"] ?? ""): Device {
  if (device) return device;
  const named = deviceNames.find((name) => name === variable);
  if (named === undefined && variable !== "")
    throw new Error(`ROCOFT_DEVICE: unknown device "${variable}", expected ${deviceNames.join(" or ")}`);
  return named ?? "cpu";
}
