import { expect, test } from "vitest";
import { fixtureModel } from "../../../test/fixtures.ts";
import { tinyModel } from "../../../test/tiny-training.ts";
import { adapterTensors } from "../../train/adapt.ts";
import type { BaseModel } from "./format.ts";
import { peftTypes } from "./peft.ts";

test.each(["PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING"])(
  "%s of an encoder-decoder is refused, for peft has other tables there",
  async (type) => {
    const name = "bart-classification";
    const { write, method } = peftTypes[type]!;
    const adapted = await tinyModel(name, { method });
    const { specs, weights, model } = adapted;
    const base: BaseModel = { specs, weights, basePrefix: model.basePrefix, config: fixtureModel(name).config };
    const options = { num_virtual_tokens: 20, prefix_projection: false, shift_positions: true };
    const own = { options, tensors: adapterTensors(adapted) };
    const evaluate = () => Promise.reject(new Error("nothing is to be computed"));
    await expect(async () => write(own, base, evaluate)).rejects.toThrow(
      new Error("config.json: an encoder-decoder, whose prompts and prefixes peft lays out in another way"),
    );
  },
);
