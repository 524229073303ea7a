/**
 * An exported language model asked by transformers.js to go on with texts, all in one batch, and compared with what
 * `rocoft generate --json` gave of the same prompts, token by token. Fails where float32 gives another token.
 *
 *     npx tsx scripts/check-transformers-js-text.ts --model exported/notes --generated generated.jsonl --modules elsewhere
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DTYPES, transformersJs } from "./transformers-js.ts";

/** A line of `rocoft generate --json`. */
interface Generated {
  readonly prompt: string | { readonly messages: readonly object[] };
  readonly sequences: readonly [{ readonly tokens: readonly number[] }];
}

/** What is used of transformers.js. */
interface TransformersJs {
  readonly AutoTokenizer: { from_pretrained(name: string): Promise<Tokenizer> };
  readonly AutoModelForCausalLM: { from_pretrained(name: string, options: { dtype: string }): Promise<Model> };
}
interface Tokenizer {
  (texts: readonly string[], options: { padding: boolean; add_special_tokens: boolean }): Inputs;
  padding_side: "left" | "right";
  apply_chat_template(
    messages: readonly object[],
    options: { tokenize: false; add_generation_prompt: boolean },
  ): string;
}
interface Inputs {
  readonly input_ids: { readonly dims: readonly number[] };
}
interface Model {
  generate(
    options: Inputs & { max_new_tokens: number; do_sample: boolean },
  ): Promise<{ tolist(): (readonly bigint[])[] }>;
  dispose(): Promise<unknown>;
}

const { values } = parseArgs({
  options: { model: { type: "string" }, generated: { type: "string" }, modules: { type: "string" } },
});
const { model: folder, generated: file, modules } = values;
if (folder === undefined || file === undefined || modules === undefined)
  throw new Error("expected --model EXPORTED --generated FILE --modules FOLDER");

const lines = readFileSync(file, "utf8").trim().split("\n");
const generated = lines.map((line) => JSON.parse(line) as Generated);
const { library, name } = await transformersJs<TransformersJs>(modules, folder);
const tokenizer = await library.AutoTokenizer.from_pretrained(name);
tokenizer.padding_side = "left";

const isChat = typeof generated[0]!.prompt !== "string";
const texts = generated.map(({ prompt }) =>
  typeof prompt === "string"
    ? prompt
    : tokenizer.apply_chat_template(prompt.messages, { tokenize: false, add_generation_prompt: true }),
);
const inputs = tokenizer(texts, { padding: true, add_special_tokens: !isChat });
const longest = Math.max(...generated.map(({ sequences: [{ tokens }] }) => tokens.length));

for (const dtype of DTYPES) {
  const model = await library.AutoModelForCausalLM.from_pretrained(name, { dtype });
  const begun = performance.now();
  const rows = (await model.generate({ ...inputs, max_new_tokens: longest, do_sample: false })).tolist();
  const seconds = (performance.now() - begun) / 1000;
  await model.dispose();
  const same = generated.map(({ sequences: [{ tokens }] }, i) => {
    const found = rows[i]!.slice(inputs.input_ids.dims[1]).map(Number);
    const differing = tokens.findIndex((token, at) => token !== found[at]);
    return differing < 0 ? tokens.length : differing;
  });
  const all = generated.map(({ sequences: [{ tokens }] }) => tokens.length);
  console.log(
    `${dtype}: the same for the first ${same.join(", ")} of ${all.join(", ")} tokens, in ${seconds.toFixed(1)} s`,
  );
  if (dtype === "fp32" && same.some((count, i) => count < all[i]!)) process.exitCode = 1;
}
