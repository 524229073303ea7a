import { expect, test } from "vitest";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { lnTuning } from "./ln-tuning.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";

// Of width d, a block has two norms of 2d; the embeddings have one.
test.each<[string, readonly ParameterSpec[], number, number]>([
  ["RoBERTa-base", robertaBase, 38_400, 592_130],
  ["RoBERTa-large", robertaLarge, 100_352, 1_051_650],
])("of %s it trains so many numbers, and the head", (_, specs, body, head) => {
  const attachment = lnTuning.attach(specs, {}, random(0));
  expect([countOf(attachment), countOf(attachment, true)]).toEqual([body, head]);
});
