/** Searches over a model that is a formula: its logits follow from the last tokens. */
import { describe, expect, test } from "vitest";
import { random } from "../tensor/random.ts";
import { generate, streamTokens, type TokenEvent } from "./generate.ts";
import type { LanguageModel } from "./language-model.ts";
import type { TextModel } from "./prompt.ts";
import type { GenerationInput } from "./settings.ts";

const VOCABULARY = 12;
const END = 11;
const read: number[] = [];

function logitsAfter(ids: readonly number[]): Float32Array {
  const stream = random(
    ids.slice(-3).reduce((code, id) => code * VOCABULARY + id, 7),
    "formula",
  );
  return Float32Array.from({ length: VOCABULARY }, () => 2 * stream.normal());
}

const model: LanguageModel = {
  vocabulary: VOCABULARY,
  positions: 40,
  begin: (text) => text,
  async read(texts) {
    let rows = texts.map((text) => [...text]);
    read.push(texts.length);
    return {
      logits: (row) => logitsAfter(rows[row]!),
      async next(continuations) {
        rows = continuations.map(({ from, token }) => [...rows[from]!, token]);
      },
    };
  },
  dispose: async () => {},
};
const decode = (ids: readonly number[]) => ids.map((id) => "abcdefghijkl"[id]).join("");
const text: TextModel = {
  model,
  tokenizer: { decode: (ids) => decode([...(ids as number[])]) },
  defaults: { eos_token_id: END },
};
const prompts = [[1, 2, 3], [4], [5, 6]];

const tokensOf = async (settings: GenerationInput, of: readonly number[][] = prompts, batchSize?: number) =>
  (await generate(text, of, settings, { batchSize })).map(({ sequences }) => sequences.map(({ tokens }) => tokens));
const collected = async (settings: GenerationInput) => {
  const events: TokenEvent[] = [];
  for await (const event of streamTokens(text, prompts, settings)) events.push(event);
  return events;
};

describe("the likeliest text", () => {
  test("takes the likeliest token each time, up to one that ends it or as many as there may be", async () => {
    const settings = { max_new_tokens: 9 };
    const found = await generate(text, prompts, settings);
    for (const [i, prompt] of prompts.entries()) {
      const expected: number[] = [];
      while (expected.length < 9 && expected.at(-1) !== END) {
        const logits = logitsAfter([...prompt, ...expected]);
        expected.push(logits.indexOf(Math.max(...logits)));
      }
      const [{ tokens, text: written, finishReason }] = found[i]!.sequences as [(typeof found)[0]["sequences"][0]];
      expect(tokens).toEqual(expected);
      expect(finishReason).toBe(expected.at(-1) === END ? "eos" : "length");
      expect(written).toBe(decode(expected.filter((id) => id !== END)));
    }
    expect(new Set(found.map(({ sequences }) => sequences[0]!.finishReason)).size).toBeGreaterThan(1);
  });

  test("is read in batches of the size that is asked for", async () => {
    const whole = await tokensOf({ max_new_tokens: 9 });
    read.length = 0;
    expect(await tokensOf({ max_new_tokens: 9 }, prompts, 2)).toEqual(whole);
    expect(read).toEqual([2, 1]);
  });
});

describe("drawn texts", () => {
  const drawn = { do_sample: true, top_k: 0, max_new_tokens: 12, num_return_sequences: 3, eos_token_id: [] };

  test("are the same for the same seed, whatever else is in the batch, and others for another", async () => {
    const first = await tokensOf({ ...drawn, seed: 4 });
    expect(await tokensOf({ ...drawn, seed: 4 })).toEqual(first);
    expect(await tokensOf({ ...drawn, seed: 4 }, prompts, 1)).toEqual(first);
    expect(await tokensOf({ ...drawn, seed: 4 }, prompts.slice(0, 1))).toEqual(first.slice(0, 1));
    expect(await tokensOf({ ...drawn, seed: 5 })).not.toEqual(first);
    expect(new Set(first.flat().map((tokens) => tokens.join())).size).toBe(9);
  });

  test("have tokens as often as they are likely", async () => {
    const settings = { ...drawn, max_new_tokens: 1, num_return_sequences: 4000 };
    const counts = new Float64Array(VOCABULARY);
    for (const [token] of (await tokensOf(settings, [[1, 2, 3]]))[0]!) counts[token!]! += 1;
    const powers = logitsAfter([1, 2, 3]).map(Math.exp);
    const total = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, token) => {
      const share = power / total;
      const deviation = Math.sqrt((share * (1 - share)) / 4000);
      expect(Math.abs(counts[token]! / 4000 - share)).toBeLessThan(4 * deviation + 1e-9);
    });
  });

  test("by beams are the same for the same seed", async () => {
    const beams = { do_sample: true, num_beams: 3, num_return_sequences: 2, max_new_tokens: 6 };
    expect(await tokensOf({ ...beams, seed: 1 })).toEqual(await tokensOf({ ...beams, seed: 1 }));
    expect(await tokensOf({ ...beams, seed: 1 })).not.toEqual(await tokensOf({ ...beams, seed: 2 }));
  });
});

describe("a stream", () => {
  test("gives the tokens and the text that come at once otherwise", async () => {
    for (const settings of [{ max_new_tokens: 9 }, { max_new_tokens: 9, do_sample: true, num_return_sequences: 2 }]) {
      const events = await collected(settings);
      for (const [prompt, { sequences }] of (await generate(text, prompts, settings)).entries())
        for (const [sequence, whole] of sequences.entries()) {
          const own = events.filter((event) => event.prompt === prompt && event.sequence === sequence);
          expect(own.map(({ token }) => token)).toEqual(whole.tokens);
          expect(own.map((event) => event.text).join("")).toBe(whole.text);
          expect(own.map(({ finishReason }) => finishReason)).toEqual([
            ...Array<null>(own.length - 1).fill(null),
            whole.finishReason,
          ]);
        }
    }
  });

  test("says how likely the model found each token", async () => {
    const [{ token, logProbability }] = (await collected({ max_new_tokens: 1, repetition_penalty: 3 })) as [TokenEvent];
    const logits = logitsAfter(prompts[0]!);
    const total = logits.reduce((sum, x) => sum + Math.exp(x), 0);
    expect(logProbability).toBeCloseTo(Math.log(Math.exp(logits[token]!) / total), 6);
  });

  test("ends when it is left", async () => {
    for await (const { token } of streamTokens(text, prompts, {})) {
      expect(token).toBeGreaterThanOrEqual(0);
      break;
    }
  });
});

test("a stop string ends a text, which ends before it", async () => {
  const [whole] = await generate(text, [[4]], { max_new_tokens: 9, eos_token_id: [] });
  const { text: written, tokens } = whole!.sequences[0]!;
  const stop = written.slice(3, 5);
  const place = written.indexOf(stop);
  for (const beams of [{}, { num_beams: 1, do_sample: true, top_k: 1 }]) {
    const settings = { max_new_tokens: 9, eos_token_id: [], stop_strings: [stop], ...beams };
    const [found] = await generate(text, [[4]], settings);
    expect(found!.sequences).toEqual([
      { tokens: tokens.slice(0, place + 2), text: written.slice(0, place), finishReason: "stop", score: null },
    ]);
  }
  const [beam] = await generate(text, [[4]], { max_new_tokens: 9, num_beams: 3, stop_strings: [stop] });
  expect(beam!.sequences[0]!.text).not.toContain(stop);
});

test.each<[string, number[][], GenerationInput, string]>([
  ["no prompts", [], {}, "prompts: none, expected at least one"],
  ["an unknown token", [[1], [2, 12]], {}, "prompt 2: token 12, expected one of 0 … 11"],
  ["an empty prompt", [[]], {}, "prompt 1: no tokens, and the model has none that a text begins with"],
  ["a prompt that is too long", [Array<number>(40).fill(1)], {}, "prompt 1: 40 tokens, expected fewer than the 40"],
])("%s is refused", async (_, of, settings, message) => {
  read.length = 0;
  await expect(generate(text, of, settings)).rejects.toThrow(message);
  expect(read).toEqual([]);
});

test("an empty prompt begins with the token that texts begin with", async () => {
  expect(await tokensOf({ bos_token_id: 4, max_new_tokens: 5 }, [[]])).toEqual(
    await tokensOf({ max_new_tokens: 5 }, [[4]]),
  );
});

test("a signal ends it with its reason; beams are not streamed", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(generate(text, prompts, {}, { signal })).rejects.toThrow("enough");
  await expect(streamTokens(text, prompts, { num_beams: 2 }).next()).rejects.toThrow(
    "num_beams: 2, expected 1 where tokens come one by one",
  );
});
