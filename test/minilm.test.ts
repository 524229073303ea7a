/** The real all-MiniLM-L6-v2, where its folder is at hand: hidden states equal to transformers'. */
import { expect, test } from "vitest";
import { encodeDataset } from "../src/data/encode.ts";
import { collate } from "../src/data/collate.ts";
import type { Texts } from "../src/data/examples.ts";
import { simplify } from "../src/graph/simplify.ts";
import { openModel } from "../src/run/prepare.ts";
import { inputTable, scopeOf } from "../src/nn/parameters.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { modelInputs } from "../src/train/forward.ts";
import { loadWeights } from "../src/train/load.ts";
import { readJson, readTensors } from "./fixtures.ts";

const folder = process.env["ROCOFT_MINILM"] ?? "";
const reason = folder ? "" : " (skipped: ROCOFT_MINILM names no folder)";

test.skipIf(!folder)(`all-MiniLM-L6-v2 gives transformers' hidden states within 1e-4${reason}`, async () => {
  const { texts, every } = readJson<{ texts: Texts[]; every: number }>("minilm", "expected.json");
  const expected = readTensors("minilm", "expected.safetensors");
  const opened = await openModel(folder, { revision: "main", head: "sequence-classification", labels: 2 });
  const { model, specs, tokenizer, padTokenId } = opened;
  const { weights } = await loadWeights(model, specs, { where: folder, ...opened.folder }, { seed: 0 });
  await opened.folder.close();

  const examples = texts.map((pair, i) => ({ line: i + 1, texts: pair, label: null }));
  const { encodings } = encodeDataset({ where: "texts", examples }, tokenizer, { maxLength: 512 });
  const batch = collate(encodings, { padTokenId });
  for (const name of ["input_ids", "attention_mask", "token_type_ids"] as const)
    expect([name, batch[name].shape, batch[name].data]).toEqual([
      name,
      expected.get(name)!.shape,
      expected.get(name)!.data,
    ]);

  const [hidden] = simplify([model.body(scopeOf(inputTable(specs)), modelInputs())]);
  const program = await (await nativeRuntime()).compile({ hidden: hidden! });
  const { hidden: states } = await program.run({ ...weights, ...batch });
  await program.dispose();
  const { shape, data } = expected.get("last_hidden_state")!;
  expect(states!.shape).toEqual([shape[0], shape[1], shape[2]! * every]);
  const differences = Float64Array.from(data as Float32Array, (value, i) =>
    Math.abs(value - Number(states!.data[i * every])),
  );
  expect(Math.max(...differences)).toBeLessThan(1e-4);
});
