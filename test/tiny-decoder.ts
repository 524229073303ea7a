/** A tiny model folder of a decoder without weights, for training from random ones, with a tokenizer whose tokens are bytes. */
import { join } from "node:path";
import { write } from "./tiny-model.ts";

/** How byte-level tokenizers write a byte: as itself where it is seen, else as the next character from U+0100 on. */
function byteCharacters(): string[] {
  const isSeen = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isSeen(byte) ? byte : next++));
}

const special = ["<s>", "</s>", "<|im_start|>", "<|im_end|>"];
const tokens = [...special, ...byteCharacters()];

/** tokenizer.json of 260 tokens: four special ones and all bytes. */
export const byteTokenizer: Readonly<Record<string, unknown>> = {
  version: "1.0",
  added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel" },
  model: { type: "BPE", vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: [] },
};

/** A template in the manner of ChatML. */
export const chatMl: string =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

export const byteTokenizerConfig: Readonly<Record<string, unknown>> = {
  bos_token: "<s>",
  eos_token: "<|im_end|>",
  chat_template: chatMl,
};

const config = {
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  vocab_size: tokens.length,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  hidden_act: "silu",
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
  initializer_range: 0.1,
  tie_word_embeddings: true,
};

/** Makes the folder and gives its path. @param changes of fields of its config.json */
export function makeTinyDecoder(folder: string, changes: object = {}): string {
  write(join(folder, "config.json"), JSON.stringify({ ...config, ...changes }));
  write(join(folder, "tokenizer.json"), JSON.stringify(byteTokenizer));
  write(join(folder, "tokenizer_config.json"), JSON.stringify(byteTokenizerConfig));
  return folder;
}
