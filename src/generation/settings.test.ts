import { describe, expect, test } from "vitest";
import { type GenerationInput, generationSettings, newTokensOf, readGenerationConfig } from "./settings.ts";

describe("settings of a call", () => {
  test("stand above those of the folder, which stand above the defaults", () => {
    const folder = { temperature: 0.6, top_p: 0.9, eos_token_id: 2 };
    expect(generationSettings({ top_p: 0.5, seed: undefined }, folder)).toMatchObject({
      temperature: 0.6,
      top_p: 0.5,
      top_k: 50,
      eos_token_id: [2],
      max_new_tokens: 256,
      seed: 0,
    });
  });

  test("a length that is given takes the place of both lengths of the folder", () => {
    const folder = { max_new_tokens: 10, max_length: 30 };
    expect(generationSettings({}, folder)).toMatchObject({ max_new_tokens: 10, max_length: 30 });
    expect(generationSettings({ max_length: 50 }, folder)).toMatchObject({ max_new_tokens: null, max_length: 50 });
  });

  test.each<[string, unknown, string]>([
    ["an unknown name", { temprature: 1 }, 'unknown setting "temprature", nearest of 20: temperature, '],
    ["a number out of range", { top_p: 2 }, "top_p: 2, expected number to be <=1"],
    ["no number of beams", { num_beams: 0 }, "num_beams: 0, expected number to be >0"],
    ["a word that is none", { early_stopping: "maybe" }, 'early_stopping: "maybe", expected true, false or never'],
    [
      "several of the likeliest text",
      { num_return_sequences: 2 },
      "num_return_sequences: 2, expected 1, or do_sample or num_beams: the likeliest text is one",
    ],
    [
      "more than beams",
      { num_beams: 2, num_return_sequences: 3 },
      "num_return_sequences: 3, expected no more than the 2 of num_beams",
    ],
  ])("refuse %s", (_, input, message) => {
    expect(() => generationSettings(input as GenerationInput)).toThrow(message);
  });
});

describe("a generation_config.json", () => {
  const where = "model/generation_config.json";

  test("says what is known here; null says nothing, and what changes no text is left out", () => {
    const json = { do_sample: true, top_k: null, stop_strings: "END", min_p: null, use_cache: true, typical_p: 1 };
    expect(readGenerationConfig(json, where)).toEqual({ do_sample: true, stop_strings: ["END"] });
  });

  test.each<[Record<string, unknown>, string]>([
    [{ temperature: "hot" }, `${where}: temperature: "hot", expected number`],
    [{ eos_token_id: [1, -2] }, `${where}: eos_token_id: [1,-2], `],
    [{ min_p: 0.1 }, `${where}: min_p: 0.1 is not supported, expected null`],
    [{ suppress_tokens: [3] }, `${where}: suppress_tokens: [3] is not supported, expected null`],
  ])("%j is refused", (json, message) => {
    expect(() => readGenerationConfig(json, where)).toThrow(message);
  });
});

describe("the room for new tokens", () => {
  const room = (input: GenerationInput, length: number) =>
    newTokensOf(generationSettings(input), length, 20, "prompt 1");

  test("is max_new_tokens, what max_length leaves, or what positions leave", () => {
    expect(room({ max_new_tokens: 8 }, 5)).toBe(8);
    expect(room({ max_length: 12 }, 5)).toBe(7);
    expect(room({ max_new_tokens: 8 }, 15)).toBe(5);
  });

  test("is refused where there is none", () => {
    expect(() => room({ max_length: 5 }, 5)).toThrow("prompt 1: 5 tokens, expected fewer than max_length 5");
    expect(() => room({}, 20)).toThrow("prompt 1: 20 tokens, expected fewer than the 20 positions of the model");
  });
});
