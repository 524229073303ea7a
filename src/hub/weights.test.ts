import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { complaint, folderOf, weights } from "./folders.cases.ts";
import { openSafetensors } from "./weights.ts";

async function fileWith(metadata?: Readonly<Record<string, string>>): Promise<string> {
  const bytes = Buffer.concat(encodeSafetensors(new Map(Object.entries(weights)), metadata));
  return join(await folderOf({ "state.safetensors": bytes }), "state.safetensors");
}

test.each([[{ format: "pt", state: '{"step": 3, "naïve": "名"}' }], [{}], [undefined]])(
  "one file gives its tensors and the metadata of its header: %j",
  async (metadata) => {
    const path = await fileWith(metadata);
    const file = await openSafetensors(path);
    onTestFinished(() => file.close());
    expect(file.metadata).toEqual(metadata ?? {});
    expect(file.files).toEqual([path]);
    expect([...file.tensors.keys()].toSorted()).toEqual(Object.keys(weights).toSorted());
    for (const [name, expected] of Object.entries(weights)) expect(await file.read(name)).toEqual(expected);
    const target = new Float32Array(4);
    await file.readInto("encoder.bias", target);
    expect(target).toEqual(weights["encoder.bias"]!.data);
  },
);

test("nothing is read after the file is closed", async () => {
  const file = await openSafetensors(await fileWith());
  await file.close();
  expect(await complaint(file.read("encoder.bias"))).toMatch(/state\.safetensors: cannot be read: /);
});

test("a file that is missing, or no such file, is refused by its name", async () => {
  const folder = await folderOf({ "state.safetensors": "nonsense" });
  const path = join(folder, "state.safetensors");
  expect(await complaint(openSafetensors(path))).toMatch(new RegExp(`^${path}: a header of \\d+ bytes`));
  const absent = join(folder, "absent.safetensors");
  expect(await complaint(openSafetensors(absent))).toBe(`${absent}: cannot be read: no such file or folder`);
});
