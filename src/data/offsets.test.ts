import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createTokenizer } from "./tokenizer.ts";

interface Case {
  readonly tokenizer: string;
  readonly kind: string;
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly offsets: readonly (readonly number[])[];
}
interface Fixture {
  readonly texts: readonly string[];
  readonly cases: readonly Case[];
}
interface Tokenizers {
  readonly tokenizer: Readonly<Record<string, unknown>>;
  readonly variants: readonly { readonly kind: string; readonly changes: Readonly<Record<string, unknown>> }[];
}

const fixtures = join(import.meta.dirname, "../../test/fixtures");
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const fixture = readJson(join(fixtures, "squad/offsets.json")) as Fixture;

function fileOf({ tokenizer: name, kind, changes }: Case): unknown {
  if (name === "rocoft-small") return readJson(join(import.meta.dirname, "../../models", name, "tokenizer.json"));
  const { tokenizer, variants } = readJson(join(fixtures, "tokenizer", `${name}.json`)) as Tokenizers;
  return { ...tokenizer, ...(changes ?? variants.find((variant) => variant.kind === kind)?.changes) };
}

function check(file: unknown, texts: readonly string[], { offsets: expected }: Case): void {
  const tokenizer = createTokenizer(file, null, "tokenizer.json");
  for (const [i, spans] of expected.entries()) {
    const { ids, offsets } = tokenizer.tokenizeWithOffsets(texts[i]!);
    expect(
      offsets.flatMap(({ begin, end }) => [begin, end]),
      JSON.stringify(texts[i]),
    ).toEqual(spans);
    expect(ids).toEqual(tokenizer.tokenize(texts[i]!));
  }
}

describe("the tokens of a text stand where the tokenizers library has them", () => {
  test.each(fixture.cases.map((one) => [one.tokenizer, one.kind, one] as const))("%s, %s", (_, __, one) => {
    expect(one.offsets.length).toBeGreaterThan(7);
    check(fileOf(one), fixture.texts, one);
  });
});

const minilm = process.env["ROCOFT_MINILM"] ?? "";
const reason = minilm ? "" : " (skipped: ROCOFT_MINILM names no folder)";

test.skipIf(!minilm)(`and those of all-MiniLM-L6-v2${reason}`, () => {
  const { texts, cases } = readJson(join(fixtures, "squad/offsets-minilm.json")) as Fixture;
  check(readJson(join(minilm, "tokenizer.json")), texts, cases[0]!);
});

test("a step whose offsets are not known is refused", () => {
  const model = { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", vocab: { "[UNK]": 0 } };
  const file = { model, pre_tokenizer: { type: "FixedLength", length: 2 } };
  expect(() => createTokenizer(file, null, "t.json").tokenizeWithOffsets("a")).toThrow(
    /^t\.json: pre_tokenizer of type "FixedLength", expected one of Sequence, Split, .*, of which offsets are known$/,
  );
});
