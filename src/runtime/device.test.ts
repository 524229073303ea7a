/** Which device is meant. */
import { expect, test } from "vitest";
import { deviceHelp, deviceNames, deviceOf } from "./device.ts";
import { nativeRuntime } from "./native.ts";

test("a device is the one named, then that of the environment, then the processor", () => {
  expect(deviceOf("cpu", "cuda")).toBe("cpu");
  expect(deviceOf(null, "cuda")).toBe("cuda");
  expect(deviceOf(undefined, "")).toBe("cpu");
  expect(() => deviceOf(null, "gpu")).toThrow(/^ROCOFT_DEVICE: unknown device "gpu", expected cpu or cuda$/);
  for (const name of deviceNames) expect(deviceHelp).toContain(`${name} (`);
});

test("a device that is not there, or for which nothing is installed, is refused in one line", async () => {
  const met = await nativeRuntime({ device: "cuda" }).catch((error: unknown) => error as Error);
  if (met instanceof Error)
    expect(met.message).toMatch(/^--device cuda: nothing can be computed on an NVIDIA GPU here: .+$/);
  else expect(met.hasOwnMemory).toBe(true);
});
