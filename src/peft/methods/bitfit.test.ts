import { expect, test } from "vitest";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { bitfit } from "./bitfit.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";

// Of width d, a block has biases of 9d in its linears and 2d in its norms; the embeddings' norm has d.
test.each<[string, readonly ParameterSpec[], number, number]>([
  ["RoBERTa-base", robertaBase, 102_144, 592_130],
  ["RoBERTa-large", robertaLarge, 271_360, 1_051_650],
])("of %s it trains so many numbers, and the head", (_, specs, body, head) => {
  const attachment = bitfit.attach(specs, {}, random(0));
  expect([countOf(attachment), countOf(attachment, true)]).toEqual([body, head]);
});
