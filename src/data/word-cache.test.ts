import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTokenizer } from "./tokenizer.ts";

const folder = join(import.meta.dirname, "..", "..", "test", "fixtures", "tokenizer");

/** What the reference tokenizers make of texts. */
interface Fixture {
  readonly tokenizer: unknown;
  readonly config: unknown;
  readonly texts: readonly { readonly texts: readonly string[] }[];
}

test.each(["bert", "roberta", "unigram", "llama"])(
  "%s: words that were met before have the tokens they had",
  (name) => {
    const {
      tokenizer: file,
      config,
      texts,
    } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Fixture;
    const tokenizer = createTokenizer(file, config, name);
    const fresh = (text: string) => createTokenizer(file, config, name).tokenize(text);
    for (const text of texts.flatMap(({ texts: own }) => own).slice(0, 20)) {
      const first = tokenizer.tokenize(text);
      expect(tokenizer.tokenize(text)).toEqual(first);
      expect(tokenizer.tokenize(`${text} ${text}`)).toEqual(fresh(`${text} ${text}`));
    }
  },
);

test("words are forgotten when there are many, and stay right", () => {
  const { tokenizer: file, config } = JSON.parse(readFileSync(join(folder, "bert.json"), "utf8")) as Fixture;
  const tokenizer = createTokenizer(file, config, "bert");
  const before = tokenizer.tokenize("the cat");
  for (let i = 0; i < 70_000; i++) tokenizer.tokenize(`w${i}`);
  expect(tokenizer.tokenize("the cat")).toEqual(before);
});
