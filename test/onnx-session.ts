/** An ONNX model run by ONNX Runtime as another program would run it, with its own optimisations. */
import type { Tensors } from "../src/runtime/runtime.ts";

/** What a model, given as its bytes, makes of `feeds`; what it does not read may be among them. */
export async function runOnnx(model: Uint8Array, feeds: Tensors): Promise<Record<string, Float32Array>> {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const fed = session.inputNames.map((name) => {
    const { dtype, data, shape } = feeds[name]!;
    return [name, new Tensor(dtype as "float32", data as Float32Array, shape)] as const;
  });
  const results = await session.run(Object.fromEntries(fed));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}
