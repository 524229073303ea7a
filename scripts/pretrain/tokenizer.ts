/**
 * The tokenizer of a RoBERTa: byte-level byte-pair encoding, learned from the texts it is to be pretrained on.
 *
 *     npx tsx scripts/pretrain/tokenizer.ts --data corpus/train.jsonl --vocab_size 8000 --output_dir models/rocoft-small
 *
 * Written are tokenizer.json and tokenizer_config.json, as Hugging Face's libraries read them.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createOutputFolder, writeAtomically } from "../../src/hub/files.ts";
import { alphabet, countWords, learnMerges, type Merge } from "./bpe.ts";

const firstTokens = ["<s>", "<pad>", "</s>", "<unk>"];
const maskToken = "<mask>";
const modelMaxLength = 128;

/** The text of each row. */
function* textsOf(jsonl: string): Generator<string> {
  for (const line of jsonl.split("\n")) if (line !== "") yield (JSON.parse(line) as { text: string }).text;
}

/** What tokenizer.json holds. */
function tokenizerFile(merges: readonly Merge[]): object {
  const tokens = [...firstTokens, ...alphabet, ...merges.map((merge) => merge.join("")), maskToken];
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const added = (content: string): object => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: content === maskToken,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [...firstTokens, maskToken].map(added),
    normalizer: null,
    pre_tokenizer: bytes,
    post_processor: {
      type: "RobertaProcessing",
      sep: ["</s>", vocab["</s>"]],
      cls: ["<s>", vocab["<s>"]],
      trim_offsets: true,
      add_prefix_space: false,
    },
    decoder: bytes,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
}

const tokenizerConfig = {
  tokenizer_class: "RobertaTokenizer",
  add_prefix_space: false,
  trim_offsets: true,
  clean_up_tokenization_spaces: false,
  bos_token: "<s>",
  eos_token: "</s>",
  cls_token: "<s>",
  sep_token: "</s>",
  unk_token: "<unk>",
  pad_token: "<pad>",
  mask_token: maskToken,
  model_max_length: modelMaxLength,
};

const { values } = parseArgs({
  options: { data: { type: "string" }, vocab_size: { type: "string" }, output_dir: { type: "string" } },
});
if (values.data === undefined || values.output_dir === undefined) {
  throw new Error("tokenizer: expected --data FILE --vocab_size NUMBER --output_dir FOLDER");
}
const vocabularySize = Number(values.vocab_size);
const size = vocabularySize - firstTokens.length - alphabet.length - 1;
if (!(Number.isInteger(size) && size >= 0)) {
  throw new Error(`tokenizer: vocab_size ${values.vocab_size}, expected at least ${vocabularySize - size}`);
}
const output = await createOutputFolder(values.output_dir, { overwrite: true });

const started = performance.now();
const words = countWords(textsOf(await readFile(values.data, "utf8")));
const merges = learnMerges(words, alphabet, size);
await writeAtomically(join(output, "tokenizer.json"), `${JSON.stringify(tokenizerFile(merges), null, 1)}\n`);
await writeAtomically(join(output, "tokenizer_config.json"), `${JSON.stringify(tokenizerConfig, null, 2)}\n`);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${output}: ${vocabularySize} tokens, ${merges.length} merges of ${words.size} words, in ${seconds} s`);
