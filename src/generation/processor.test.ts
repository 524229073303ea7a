/** Processors of scores: what transformers' make of the same scores. */
import { expect, test } from "vitest";
import { readJson } from "../../test/fixtures.ts";
import { processorsOf } from "./processor.ts";
import { type GenerationInput, generationSettings } from "./settings.ts";

/** null stands for −∞. */
type Scores = readonly (number | null)[];
interface Fixture {
  readonly ids: readonly number[];
  readonly scores: Scores;
  readonly cases: Readonly<Record<string, { readonly settings: GenerationInput; readonly scores: Scores }>>;
}
const { ids, scores, cases } = readJson<Fixture>("generation", "processors.json");
const numbers = (list: Scores) => Float32Array.from(list, (score) => score ?? -Infinity);

function processed(settings: GenerationInput, of: readonly number[] = ids, lengths = { prompt: 3, newTokens: 5 }) {
  const result = numbers(scores);
  for (const process of processorsOf(generationSettings({ top_k: 0, ...settings }), lengths)) process(result, of);
  return result;
}

test.each(Object.entries(cases))("%s", (_, { settings, scores: expected }) => {
  const found = processed(settings);
  expect(found.length).toBe(expected.length);
  numbers(expected).forEach((score, i) => expect(found[i]).toBeCloseTo(score, 5));
});

test("settings that change nothing ask for no processor", () => {
  const settings = generationSettings({ temperature: 0.5, top_p: 0.9 });
  expect(processorsOf(settings, { prompt: 3, newTokens: 5 })).toEqual([]);
});

const alone = (...tokens: number[]) => numbers(scores).map((_, token) => (tokens.includes(token) ? 0 : -Infinity));
const without = (...tokens: number[]) =>
  numbers(scores).map((score, token) => (tokens.includes(token) ? -Infinity : score));

test.each<[string, GenerationInput, number, Float32Array]>([
  ["an end comes after min_new_tokens", { min_new_tokens: 3, eos_token_id: [4, 6] }, 5, without(4, 6)],
  ["… and not before", { min_new_tokens: 3, eos_token_id: [4, 6] }, 6, without()],
  ["min_length counts the prompt", { min_length: 6, eos_token_id: 4 }, 5, without(4)],
  ["the first token is forced", { forced_bos_token_id: 8 }, 1, alone(8)],
  ["… the second is not", { forced_bos_token_id: 8 }, 2, without()],
  ["the last token is forced", { forced_eos_token_id: [8, 9] }, 7, alone(8, 9)],
  ["… the last but one is not", { forced_eos_token_id: [8, 9] }, 6, without()],
])("%s", (_, settings, length, expected) => {
  expect(processed(settings, Array<number>(length).fill(20))).toEqual(expected);
});
