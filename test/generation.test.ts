/** Text generation: the tokens, and the scores of beams, that transformers' generate gives. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { generate } from "../src/generation/generate.ts";
import { languageModel } from "../src/generation/language-model.ts";
import type { GenerationInput } from "../src/generation/settings.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { integers } from "../src/generation/reading.ts";
import { random } from "../src/tensor/random.ts";
import { zeros } from "../src/tensor/tensor.ts";
import { commit } from "../src/train/adapt.ts";
import { evaluationPass } from "../src/train/step.ts";
import { worstDifference } from "./draw.ts";
import { fixtureModel, readJson } from "./fixtures.ts";
import { tinyModel } from "./tiny-training.ts";

interface Fixture {
  readonly prompts: readonly (readonly number[])[];
  readonly max_new_tokens: number;
  readonly eos_token_id: readonly number[];
  readonly pad_token_id: number;
  readonly decoder_start_token_id: number | null;
  readonly cases: Readonly<Record<string, Case>>;
}
interface Case {
  readonly settings: GenerationInput;
  readonly sequences: readonly (readonly number[])[];
  readonly scores: readonly number[] | null;
}

const runtime = await nativeRuntime({ threads: 1 });
const names = readdirSync(join(import.meta.dirname, "fixtures", "generation"))
  .map((file) => file.replace(".json", ""))
  .filter((name) => name !== "processors");

/** Tokens alone count here. */
const tokenizer = { decode: () => "" };

describe.each(names)("%s", async (name) => {
  const fixture = readJson<Fixture>("generation", `${name}.json`);
  const { model: architecture } = fixtureModel(name);
  const head = "causal-language-model" in architecture.heads ? "causal-language-model" : "sequence-to-sequence";
  const adapted = await tinyModel(name, { method: "head", head, labels: 0 });
  const { pad_token_id: padTokenId, decoder_start_token_id: decoderStartTokenId } = fixture;
  const model = await languageModel({ adapted, runtime, padTokenId, decoderStartTokenId });
  afterAll(() => model.dispose());

  const generated = async (settings: GenerationInput, batchSize?: number) =>
    (await generate({ model, tokenizer, defaults: {} }, fixture.prompts, settings, { batchSize })).flatMap(
      ({ sequences }) => sequences,
    );

  test.each(Object.entries(fixture.cases))("%s", async (title, { settings, sequences, scores }) => {
    const eos_token_id = title === "endless" ? [] : fixture.eos_token_id;
    const all = { max_new_tokens: fixture.max_new_tokens, eos_token_id, ...settings };
    const found = await generated(all);
    expect(found.map(({ tokens }) => tokens)).toEqual(sequences);
    found.forEach(({ score }, i) => {
      if (scores === null) expect(score).toBeNull();
      else expect(score).toBeCloseTo(scores[i]!, 4);
    });
    // One prompt after the other gives the same.
    expect((await generated(all, 1)).map(({ tokens }) => tokens)).toEqual(sequences);
  });
});

/** Everything that a model may have before the tokens it reads. */
const methods = {
  head: {},
  lora: { rank: 2 },
  prompt_tuning: { num_virtual_tokens: 3 },
  prefix_tuning: { num_virtual_tokens: 3 },
} as const;

// Of the last one frequencies depend on how long a text is, not on how many slots there are for it.
describe.each([...names, "llama-dynamic"])(
  "%s, step by step from what it has kept, has the logits of the whole text read anew",
  (name) => {
    // Texts longer than the cache's first slots, where positions go on without end.
    const isBounded = /^(bart|gpt)/.test(name);
    const steps = isBounded ? 3 : 45;
    const config = isBounded ? {} : { max_position_embeddings: 64 };
    const { model: architecture } = fixtureModel(name);
    const isDecoder = "causal-language-model" in architecture.heads;
    const head = isDecoder ? "causal-language-model" : "sequence-to-sequence";

    test.each(Object.entries(methods))("%s", async (method, options) => {
      const adapted = await tinyModel(name, { method, options, head, labels: 0, config });
      const stream = random(3, name);
      for (const { data } of adapted.trained.map(({ view }) => view))
        data.forEach((x, i) => (data[i] = x + 0.2 * stream.normal()));
      commit(adapted);
      const drawn = (length: number) =>
        Array.from({ length }, () => 4 + stream.integer(adapted.model.vocabularySize - 4));
      const texts = [drawn(3), drawn(2)];
      const model = await languageModel({ adapted, runtime, padTokenId: 1, decoderStartTokenId: 2 });
      const whole = await runtime.compile(
        evaluationPass(adapted, ({ hidden, head: score }) => ({
          logits: score(hidden({ causal: true, given: isDecoder ? [] : ["decoder_input_ids"] })),
        })),
      );
      const readAnew = async (row: number, read: readonly number[]) => {
        const [ids, mask] = [isDecoder ? read : texts[row]!].flatMap((x) => [
          integers([x]),
          integers([x.map(() => 1)]),
        ]);
        const feeds = { input_ids: ids!, attention_mask: mask!, token_type_ids: zeros("int64", ids!.shape) };
        const { logits } = await whole.run({ ...adapted.feeds, ...feeds, decoder_input_ids: integers([read]) });
        return (logits!.data as Float32Array).slice(-adapted.model.vocabularySize);
      };
      const reading = await model.read(texts);
      let rows = texts.map((text, row) => ({ row, read: [...model.begin(text)] }));
      for (let step = 0; step < steps; step++) {
        // Rows go on from one another, and one is dropped at last.
        const from = step === 1 ? [1, 0, 0] : step === steps - 1 ? [2, 1] : [...rows.keys()];
        const next = from.map((row) => ({ from: row, token: drawn(1)[0]! }));
        rows = next.map(({ from: row, token }) => ({ row: rows[row]!.row, read: [...rows[row]!.read, token] }));
        await reading.next(next);
        if (step > 2 && step < steps - 2) continue;
        for (const [i, { row, read }] of rows.entries())
          expect(worstDifference(reading.logits(i), await readAnew(row, read)), `step ${step}`).toBeLessThan(1e-5);
      }
      await whole.dispose();
      await model.dispose();
    });
  },
);
