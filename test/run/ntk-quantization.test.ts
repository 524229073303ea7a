/** Kernels over base models in few bits are those of the weights that the bits stand for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/safetensors.ts";
import { relativeDistance } from "../../src/ntk/oracle.cases.ts";
import { int4 } from "../../src/quantization/int4.ts";
import { int8 } from "../../src/quantization/int8.ts";
import type { Quantization } from "../../src/quantization/registry.ts";
import type { Scheme } from "../../src/quantization/scheme.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { write } from "../tiny-model.ts";
import { makeWideModel } from "../tiny-stored.ts";
import { ntkWorkshop, small } from "./ntk-workshop.ts";

const { path, classifier, study, kernelFile } = ntkWorkshop();
const before = process.env["HF_HOME"];
process.env["HF_HOME"] = path("home");
afterAll(() => {
  if (before === undefined) delete process.env["HF_HOME"];
  else process.env["HF_HOME"] = before;
});

const sets = ["rocoft:rank=1", "rocoft:rank=2:update=column", "lora:rank=2", "bitfit", "full", "head"] as const;

/** A model each of whose matrices is what its parts stand for. */
function decodedModel(name: string, scheme: Scheme): string {
  const folder = makeWideModel(path(name), "bert-classification");
  const file = join(folder, "model.safetensors");
  const tensors = [...decodeSafetensors(readFileSync(file), file)].map(([key, tensor]): [string, Tensor] => {
    const isStored = scheme.fits(tensor.shape) && !key.startsWith("classifier.");
    return [key, isStored ? scheme.decode(scheme.encode(tensor as Tensor<"float32">)) : tensor];
  });
  write(file, Buffer.concat(encodeSafetensors(new Map(tensors))));
  return folder;
}

type Kernels = (set: string) => Float64Array;
async function measured(name: string, model: string, quantization: Quantization): Promise<Kernels> {
  await study(name, { ...classifier, ...small, model, quantization, parameters: sets[0], compare: sets.slice(1) });
  return (set) => kernelFile(name, "2-13", set.replaceAll(":", "-")).numbers("train");
}

// Of an encoder in 8 bits activations are rounded, too.
test.each([["int4", int4, 1e-6] as const, ["int8", int8, 1e-4] as const])(
  "over %s they are those of the decoded weights",
  async (quantization, scheme, most) => {
    const model = decodedModel(`decoded ${quantization}`, scheme);
    const expected = await measured(`${quantization} decoded`, model, "none");
    const found = await measured(`${quantization} stored`, model, quantization);
    for (const set of sets) expect(relativeDistance(found(set), expected(set)), set).toBeLessThan(most);
  },
);

test("not those of the weights before they were rounded, but where all are trained", async () => {
  const model = makeWideModel(path("exact"), "bert-classification");
  const [exact, rounded] = [await measured("exactly", model, "none"), await measured("rounded", model, "int4")];
  for (const set of sets) {
    const distance = relativeDistance(rounded(set), exact(set));
    if (set === "full") expect(distance).toBe(0);
    else expect(distance, set).toBeGreaterThan(1e-3);
  }
});
