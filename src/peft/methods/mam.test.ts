import { expect, test } from "vitest";
import { tinyModel } from "../../../test/tiny-training.ts";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { attachTo } from "../attached.cases.ts";
import type { MamOptions } from "./mam.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";

const summarisation = { num_virtual_tokens: 30, bottleneck_size: 512, scaling: 4 };

test.each<[string, readonly ParameterSpec[], Partial<MamOptions>, number]>([
  ["RoBERTa-base, as for GLUE", robertaBase, {}, 599_232],
  ["RoBERTa-large, as for GLUE", robertaLarge, {}, 1_597_824],
  ["RoBERTa-base, as for summarisation", robertaBase, summarisation, 10_005_504],
  ["RoBERTa-large, as for summarisation", robertaLarge, summarisation, 26_677_248],
])("counts: %s", (_, specs, options, count) => expect(countOf(attachTo(specs, "mam", options))).toBe(count));

test("is a prefix and parallel adapters, and shifts no positions", () => {
  const names = (trained: ReturnType<typeof attachTo>["trained"]) => trained.map(({ name }) => name);
  const mixed = attachTo(robertaBase, "mam");
  const parts = [attachTo(robertaBase, "prefix_tuning"), attachTo(robertaBase, "parallel_adapter")];
  expect(new Set(names(mixed.trained))).toEqual(new Set(parts.flatMap(({ trained }) => names(trained))));
  expect(mixed.targets).toEqual(parts.flatMap(({ targets }) => targets));
  expect(mixed.untouched).toEqual(parts[1]!.untouched);
  expect([mixed.virtualTokens, mixed.positions]).toEqual([0, 0]);
});

test("a prefix that is trained itself begins as BERT's weights do", async () => {
  const { weights } = await tinyModel("bert-classification", { method: "mam" });
  const { data } = weights["prompt_embeddings"]!;
  const deviation = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
  expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(0.1);
});
