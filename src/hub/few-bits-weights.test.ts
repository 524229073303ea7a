import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { storedForms } from "../quantization/registry.ts";
import { type Tensor, tensor, transposed } from "../tensor/tensor.ts";
import { fewBitsMetadata, openFewBits } from "./few-bits-weights.ts";
import { complaint, folderOf, normal } from "./folders.cases.ts";

const matrix = normal([4, 64], 1);
const bias = normal([4], 2);

function bytesOf(tensors: Readonly<Record<string, Tensor>>, metadata: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(encodeSafetensors(new Map(Object.entries(tensors)), metadata));
}

const named = (parts: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(parts).map(([part, held]) => [`w.${part}`, held]));

const forms = Object.entries(storedForms) as ["int8" | "int4", (typeof storedForms)["int8"]][];

test.each(forms)(
  "%s: a matrix is there by its parts and by what they stand for, the rest as it is",
  async (form, scheme) => {
    const parts = scheme.encode(matrix);
    const bytes = bytesOf({ ...named(parts), bias }, fewBitsMetadata(form, []));
    const name = `model-${form}.safetensors`;
    const weights = (await openFewBits(await folderOf({ [name]: bytes }), [name, "config.json"]))!;
    onTestFinished(() => weights.close());
    expect([...weights.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual([
      { name: "bias", dtype: "float32", shape: [4] },
      { name: "w", dtype: "float32", shape: [4, 64] },
    ]);
    expect(await weights.readEncoded!("w", form, false)).toEqual(parts);
    expect(await weights.readEncoded!("w", form, true)).toBeNull();
    expect(await weights.readEncoded!("w", "another form", false)).toBeNull();
    expect(await weights.readEncoded!("bias", form, false)).toBeNull();
    const expected = scheme.decode(parts);
    expect(await weights.read("w")).toEqual(expected);
    const target = new Float32Array(256);
    await weights.readInto("w", target);
    expect(target).toEqual(expected.data);
    expect(await weights.read("bias")).toEqual(bias);
    expect(await complaint(weights.readInto("w", new Float32Array(5)))).toMatch(
      /tensor "w": 256 elements, the target has 5$/,
    );
    expect(await complaint(weights.read("v"))).toMatch(/no tensor named "v"/);
  },
);

test("a matrix that checkpoints hold turned is read turned, its parts as they are", async () => {
  const parts = storedForms.int8.encode(matrix);
  const bytes = bytesOf(named(parts), fewBitsMetadata("int8", ["w"]));
  const name = "model-int8.safetensors";
  const weights = (await openFewBits(await folderOf({ [name]: bytes }), [name]))!;
  onTestFinished(() => weights.close());
  expect(weights.tensors.get("w")!.shape).toEqual([64, 4]);
  expect(await weights.read("w")).toEqual(transposed(storedForms.int8.decode(parts)));
  expect(await weights.readEncoded!("w", "int8", true)).toEqual(parts);
  expect(await weights.readEncoded!("w", "int8", false)).toBeNull();
});

test("a folder without such a file has none, and one of two is not chosen", async () => {
  expect(await openFewBits("folder", ["model.safetensors"])).toBeNull();
  expect(await complaint(openFewBits("folder", ["model-int4.safetensors", "model-int8.safetensors"]))).toBe(
    "folder: model-int8.safetensors and model-int4.safetensors, expected one file of weights",
  );
});

const int8Parts = named(storedForms.int8.encode(matrix));
const { "w.scales": _, ...withoutScales } = int8Parts;
test.each([
  ["of another form", int8Parts, fewBitsMetadata("int4", []), /metadata form is "int4", expected "int8"$/],
  ["of no form", int8Parts, {}, /metadata form is "undefined", expected "int8"$/],
  ["without scales", withoutScales, fewBitsMetadata("int8", []), /no tensor "w\.scales" beside "w\.codes"$/],
  [
    "with too few scales",
    { ...int8Parts, "w.scales": tensor("float32", [3], new Float32Array(3)) },
    fewBitsMetadata("int8", []),
    /tensor "w\.codes": its parts are not those of a matrix as int8$/,
  ],
  ["that names nothing", int8Parts, { form: "int8", turned: "w" }, /metadata turned is "w", expected a list of names$/],
])("a file %s is refused", async (_what, tensors, metadata, message) => {
  const name = "model-int8.safetensors";
  const folder = await folderOf({
    [name]: bytesOf(tensors as Record<string, Tensor>, metadata as Record<string, string>),
  });
  const said = await complaint(openFewBits(folder, [name]));
  expect(said).toMatch(message);
  expect(said.startsWith(join(folder, name))).toBe(true);
});
