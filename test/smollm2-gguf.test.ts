/** The real SmolLM2-135M-Instruct in GGUF, where its folder is at hand: configuration, tensors and tokens as transformers'. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createTokenizer } from "../src/data/tokenizer.ts";
import { openModelFolder } from "../src/hub/model-folder.ts";
import { readJson } from "./fixtures.ts";

const folder = process.env["ROCOFT_SMOLLM2"] ?? "";
const reason = folder ? "" : " (skipped: ROCOFT_SMOLLM2 names no folder)";

interface Expected {
  readonly file: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The SHA-256 of the hexadecimal SHA-256 of every tensor, in the order of their names. */
  readonly tensors: string;
  readonly count: number;
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
}

test.skipIf(!folder)(`SmolLM2-135M-Instruct is read from GGUF as transformers reads it${reason}`, async () => {
  const expected = readJson<Expected>("smollm2-gguf.json");
  const model = await openModelFolder(folder);
  expect(await model.hash()).toBe(expected.file);
  expect(model.config).toMatchObject({ ...expected.config, model_type: "llama" });
  expect(model.tensors.size).toBe(expected.count);
  const digests: string[] = [];
  for (const name of [...model.tensors.keys()].toSorted()) {
    const { data } = await model.read(name);
    digests.push(createHash("sha256").update(new Uint8Array(data.buffer)).digest("hex"));
  }
  await model.close();
  expect(createHash("sha256").update(digests.join("")).digest("hex")).toBe(expected.tensors);

  const tokenizer = createTokenizer(model.tokenizer, model.tokenizerConfig, folder);
  for (const { text, ids } of expected.texts) {
    expect(tokenizer.tokenize(text), JSON.stringify(text)).toEqual(ids);
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(text);
  }
});
