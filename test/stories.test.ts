/** The real stories260K in llama2.c's format, where its folder is at hand: the text that its page documents, word for word. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { simplify } from "../src/graph/simplify.ts";
import { modelOf } from "../src/models/registry.ts";
import { inputTable, scopeOf } from "../src/nn/parameters.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { tensor } from "../src/tensor/tensor.ts";
import { modelInputs } from "../src/train/forward.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import { readLlama2c, readPieces } from "./llama2c.ts";

const folder = process.env["ROCOFT_STORIES"] ?? "";
const reason = folder ? "" : " (skipped: ROCOFT_STORIES names no folder)";
const file = (name: string) => readFileSync(join(folder, name));

/** The token that begins a text, and how many llama2.c writes unless told otherwise. */
const [BEGIN, LENGTH] = [1, 256];

/** The next token after ids, each time the likeliest. */
async function greedyWriter(bytes: Buffer): Promise<(ids: readonly number[]) => Promise<number>> {
  const { config, tensors } = readLlama2c(bytes);
  const model = modelOf(config, "stories260K.bin");
  const head = model.heads["causal-language-model"]!;
  const specs = parametersOf(model, head, 0);
  const readInto = async (name: string, target: Float32Array) => target.set(tensors.get(name)!.data);
  const { weights, unused } = await loadWeights(
    model,
    specs,
    { where: "stories260K.bin", tensors, readInto },
    { seed: 0 },
  );
  expect(unused).toEqual([]);
  const inputs = modelInputs();
  const scope = scopeOf(inputTable(specs));
  const [logits] = simplify([head.forward(scope, model.body(scope, inputs), { labels: 0, inputs })]);
  const program = await (await nativeRuntime({ threads: 1 })).compile({ logits: logits! });
  return async (ids) => {
    const row = (values: readonly number[]) => tensor("int64", [1, ids.length], BigInt64Array.from(values, BigInt));
    const results = await program.run({ ...weights, input_ids: row(ids), attention_mask: row(ids.map(() => 1)) });
    const last = (results["logits"]!.data as Float32Array).subarray(-model.vocabularySize);
    return last.indexOf(Math.max(...last));
  };
}

test.skipIf(!folder)(`stories260K writes what its page says${reason}`, async () => {
  const next = await greedyWriter(file("stories260K.bin"));
  const pieces = readPieces(file("tok512.bin"));
  const ids = [BEGIN];
  while (ids.length <= LENGTH) ids.push(await next(ids));
  const text = Buffer.concat(ids.slice(1).map((id) => pieces[id]!)).toString("utf8");
  const [, documented] = /-t 0\.0\n(.*?)\n```/s.exec(file("stories260K.md").toString("utf8"))!;
  expect(text.trim()).toBe(documented);
});
