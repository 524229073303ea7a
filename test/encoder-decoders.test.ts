/** Encoder-decoders beside their fixtures: what is read where, and a decoder that goes on from keys and values that are kept. */
import { describe, expect, test } from "vitest";
import { input, slice } from "../src/graph/ops.ts";
import { simplify } from "../src/graph/simplify.ts";
import type { Value } from "../src/graph/value.ts";
import type { ModelInputs } from "../src/models/architecture.ts";
import { inputTable, scopeOf } from "../src/nn/parameters.ts";
import type { AttentionSite, KeysAndValues, Seen, Sites } from "../src/nn/sites.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";
import { modelInputs } from "../src/train/forward.ts";
import { evaluationPass, inputsOf } from "../src/train/step.ts";
import { worstDifference } from "./draw.ts";
import { tinyModel } from "./tiny-training.ts";

const runtime = await nativeRuntime({ threads: 1 });
const integers = (rows: readonly (readonly number[])[]): Tensor<"int64"> =>
  tensor("int64", [rows.length, rows[0]!.length], BigInt64Array.from(rows.flat(), BigInt));

const texts = {
  input_ids: integers([
    [5, 6, 7, 2],
    [8, 2, 1, 1],
  ]),
  attention_mask: integers([
    [1, 1, 1, 1],
    [1, 1, 0, 0],
  ]),
};
const targets = [
  [4, 9, 10, 11, 12],
  [4, 13, 14, 15, 16],
];
/** Of the second target the first two are padding, at its left. */
const mask = [
  [1, 1, 1, 1, 1],
  [0, 0, 1, 1, 1],
];
const positions = [
  [0, 1, 2, 3, 4],
  [0, 0, 0, 1, 2],
];
const PAST = 3;
const from = (rows: readonly number[][], start: number, end?: number) =>
  integers(rows.map((row) => row.slice(start, end)));

const given = ["decoder_input_ids", "decoder_attention_mask", "decoder_position_ids"] as const;
const keptName = ({ module, kind }: AttentionSite, part: keyof KeysAndValues) => `kept.${kind}.${module}.${part}`;

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>>) {
  const values = simplify(Object.values(outputs));
  const program = await runtime.compile(Object.fromEntries(Object.keys(outputs).map((name, i) => [name, values[i]!])));
  const asked = new Set(inputsOf(values).map(({ attrs }) => attrs.name));
  const results = await program.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => asked.has(name))));
  await program.dispose();
  return { results, asked };
}

describe.each(["bart-generation", "bart-scaled", "t5-generation", "t5-gated"])("%s", async (name) => {
  const { model, specs, weights } = await tinyModel(name, { head: "sequence-to-sequence", method: "full" });
  const bodyWith = (sites: Sites, inputs: ModelInputs) => model.body(scopeOf(inputTable(specs), sites), inputs);

  /** All of the targets at once, and the keys and values that each attention of the decoder makes on the way. */
  async function whole() {
    const made: Record<string, Value> = {};
    const attention = (site: AttentionSite): Seen => {
      for (const part of ["key", "value"] as const)
        if (site.module.includes("decoder")) made[keptName(site, part)] = site.parts[0]![part];
      return site;
    };
    const hidden = bodyWith({ attention }, modelInputs(given));
    const read = {
      decoder_input_ids: integers(targets),
      decoder_attention_mask: integers(mask),
      decoder_position_ids: integers(positions),
    };
    return (await run({ hidden, ...made }, { ...weights, ...texts, ...read })).results;
  }

  test("goes on from what it has kept as if it read all of it, without the encoder", async () => {
    const { hidden, ...kept } = await whole();
    const past = Object.fromEntries(
      Object.entries(kept).map(([key, { shape, data }]) => {
        const [batch, heads, length, size] = shape as [number, number, number, number];
        if (key.startsWith("kept.cross.")) return [key, { dtype: "float32", shape, data } as Tensor];
        const rows = Array.from({ length: batch * heads }, (_, row) => {
          const start = row * length * size;
          return Array.from((data as Float32Array).subarray(start, start + PAST * size));
        });
        return [key, tensor("float32", [batch, heads, PAST, size], Float32Array.from(rows.flat()))];
      }),
    );
    const attention = (site: AttentionSite): Seen => {
      if (!site.module.includes("decoder")) return site;
      const keys = site.kind === "cross" ? "sequence" : "past";
      const [own] = site.parts as [KeysAndValues];
      const part = (which: keyof KeysAndValues) =>
        input(keptName(site, which), [...own[which].shape.slice(0, 2), keys, own[which].shape[3]!]);
      const before = { key: part("key"), value: part("value") };
      return { parts: site.kind === "cross" ? [before] : [before, own], bias: site.bias };
    };
    const inputs: ModelInputs = {
      ...modelInputs(given),
      decoder_attention_mask: input("decoder_attention_mask", ["batch", "past+target"], "int64"),
    };
    const feeds = {
      ...weights,
      ...past,
      attention_mask: texts.attention_mask,
      decoder_input_ids: from(targets, PAST),
      decoder_attention_mask: integers(mask),
      decoder_position_ids: from(positions, PAST),
    };
    const { results, asked } = await run({ hidden: bodyWith({ attention }, inputs) }, feeds);
    const rest = await run({ rest: slice(input("hidden", hidden!.shape), 1, PAST) }, { hidden: hidden! });
    const [actual, expected] = [results["hidden"]!, rest.results["rest"]!];
    expect(actual.shape).toEqual(expected.shape);
    expect(worstDifference(actual.data, expected.data as Float32Array)).toBeLessThan(1e-5);
    expect([...asked].filter((parameter) => parameter.includes("encoder."))).toEqual([]);
    expect(asked).not.toContain("input_ids");
  });

  test("numbers the decoder's blocks on from the encoder's", () => {
    const numbers = (part: RegExp) => [
      ...new Set(specs.filter((spec) => part.test(spec.name)).map(({ block }) => block)),
    ];
    const encoder = numbers(/encoder\.(layers|block)\./);
    const decoder = numbers(/decoder\.(layers|block)\./);
    const all = [...encoder, ...decoder].map(Number);
    expect([encoder.length, decoder.length].every((n) => n > 0)).toBe(true);
    expect(all).toEqual(all.map((_, i) => i));
  });
});

describe("prompts", () => {
  test.each(["prompt_tuning", "p_tuning"])("of %s stand in front of what the encoder reads", async (method) => {
    const options = { num_virtual_tokens: 3 };
    const adapted = await tinyModel("bart-classification", { method, options });
    const seen: string[] = [];
    const graph = evaluationPass(adapted, ({ hidden, head, virtualTokens }) => {
      const states = hidden();
      seen.push(`${virtualTokens} ${states.shape.join(" ")}`);
      return { logits: head(states) };
    });
    expect(seen).toEqual(["0 batch sequence 16"]);
    const { results } = await run(graph, { ...adapted.feeds, ...texts });
    expect(results["logits"]!.shape).toEqual([2, 3]);
  });
});
