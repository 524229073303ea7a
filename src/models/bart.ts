/** BART (Lewis et al. 2020): the transformer of Vaswani et al. (2017), whose encoder and decoder are normed as BERT is. */
import * as z from "zod";
import { add, iota, matmul, mul, splitHeads, tanh } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { activations } from "../nn/activation.ts";
import { attentionBias } from "../nn/attention.ts";
import { embedding, embeddingTable } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/parameters.ts";
import { attend } from "../nn/attend.ts";
import type { AttentionSite, SublayerSite } from "../nn/sites.ts";
import type { Architecture, Head, ModelInputs } from "./architecture.ts";
import { activationName, parseConfig, probability } from "./config.ts";

import { decoderBias, decoderIds, lastEnd } from "./encoder-decoder.ts";
import { spanHead } from "./heads.ts";

/** Rows in front of the position tables that no position uses. */
const POSITION_OFFSET = 2;
/** The ε of every norm; config.json has no field for it. */
const EPSILON = 1e-5;

const headsDivideWidth = (side: "encoder" | "decoder") => ({
  path: [`${side}_attention_heads`],
  error: "expected a divisor of d_model",
});

const configSchema = z
  .object({
    vocab_size: z.int().positive(),
    d_model: z.int().positive(),
    max_position_embeddings: z.int().positive(),
    encoder_layers: z.int().positive(),
    encoder_attention_heads: z.int().positive(),
    encoder_ffn_dim: z.int().positive(),
    decoder_layers: z.int().positive(),
    decoder_attention_heads: z.int().positive(),
    decoder_ffn_dim: z.int().positive(),
    activation_function: activationName.default("gelu"),
    scale_embedding: z.boolean().default(false),
    pad_token_id: z.int().nonnegative().default(1),
    eos_token_id: z.int().nonnegative().default(2),
    decoder_start_token_id: z.int().nonnegative().default(2),
    dropout: probability.default(0.1),
    attention_dropout: probability.default(0),
    activation_dropout: probability.default(0),
    classifier_dropout: probability.default(0),
    is_encoder_decoder: z.literal(true).default(true),
    tie_word_embeddings: z.literal(true).default(true),
  })
  .refine((config) => config.d_model % config.encoder_attention_heads === 0, headsDivideWidth("encoder"))
  .refine((config) => config.d_model % config.decoder_attention_heads === 0, headsDivideWidth("decoder"));
type Config = z.infer<typeof configSchema>;

export const bart: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, json, where);
    return {
      basePrefix: "model",
      vocabularySize: config.vocab_size,
      maxPositions: config.max_position_embeddings,
      paddingIndex: config.pad_token_id,
      segments: 0,
      decoderStartTokenId: config.decoder_start_token_id,
      zeros: ["final_logits_bias"],
      body: (scope, inputs) => body(scope.in("model"), config, inputs),
      heads: {
        "sequence-classification": classifier(config),
        "question-answering": spanHead("BartForQuestionAnswering"),
        "sequence-to-sequence": languageModel(config),
      },
    };
  },
};

function body(scope: Scope, config: Config, inputs: ModelInputs): Value {
  const embed = (ids: Value) => embedded(scope.in("shared"), config, ids);
  const words = scope.sites.words(embed(inputs.input_ids));
  const memory = scope.sites.block(encoder(scope.in("encoder"), config, words, inputs));
  const ids = decoderIds(inputs, config.decoder_start_token_id);
  return decoder(scope.in("decoder"), config, { ids, words: embed(ids) }, memory, inputs);
}

/** The embeddings that encoder and decoder share. */
function embedded(scope: Scope, config: Config, ids: Value): Value {
  const { vocab_size: vocabulary, d_model: width, pad_token_id: padding, scale_embedding: scaled } = config;
  const words = embedding(scope, ids, vocabulary, width, padding);
  return scaled ? mul(words, Math.sqrt(width)) : words;
}

/** words [batch, sequence, width] → hidden states, each of which has seen the whole text. */
function encoder(scope: Scope, config: Config, words: Value, inputs: ModelInputs): Value {
  const bias = attentionBias(inputs.attention_mask);
  const self = { kind: "self", heads: config.encoder_attention_heads } as const;
  const positions = scope.sites.positions(iota(inputs.input_ids, 1));
  let hidden = placed(scope, config, words, positions);
  for (let layer = 0; layer < config.encoder_layers; layer++) {
    const block = scope.in("layers").in(String(layer), { block: layer });
    const read = scope.sites.block(hidden);
    const attended = attention(block, config, self, read, read, bias);
    hidden = feedForward(block, config, attended, config.encoder_ffn_dim);
  }
  return hidden;
}

/** The decoder's blocks are numbered on from the encoder's, whose states `memory` are read by cross attention alone. */
function decoder(
  scope: Scope,
  config: Config,
  { ids, words }: { readonly ids: Value; readonly words: Value },
  memory: Value,
  inputs: ModelInputs,
): Value {
  const bias = decoderBias(inputs, ids);
  const self = { kind: "self", heads: config.decoder_attention_heads } as const;
  let hidden = placed(scope, config, words, inputs.decoder_position_ids ?? iota(ids, 1));
  for (let layer = 0; layer < config.decoder_layers; layer++) {
    const block = scope.in("layers").in(String(layer), { block: config.encoder_layers + layer });
    const read = scope.sites.block(hidden);
    const own = attention(block, config, self, read, read, bias.self);
    const both = attention(block, config, { ...self, kind: "cross" }, own, memory, bias.cross);
    hidden = feedForward(block, config, both, config.decoder_ffn_dim);
  }
  return hidden;
}

/** LayerNorm(words + positions) */
function placed(scope: Scope, config: Config, words: Value, positions: Value): Value {
  const rows = POSITION_OFFSET + config.max_position_embeddings;
  const embeddings = embedding(scope.in("embed_positions"), add(positions, POSITION_OFFSET), rows, config.d_model);
  return dropped(scope, config.dropout, layerNorm(scope.in("layernorm_embedding"), add(words, embeddings), EPSILON));
}

const attentionNames = { self: "self_attn", cross: "encoder_attn" } as const;

/** What hidden states [batch, queries, width] gather of `memory` [batch, keys, width]: LayerNorm(out_proj(…) + hidden). */
function attention(
  block: Scope,
  config: Config,
  { kind, heads }: { readonly kind: AttentionSite["kind"]; readonly heads: number },
  hidden: Value,
  memory: Value,
  bias: Value,
): Value {
  const name = attentionNames[kind];
  const scope = block.in(name);
  const project = (part: string, x: Value) => splitHeads(linear(scope.in(part), x, config.d_model), heads);
  const parts = { query: project("q_proj", hidden), key: project("k_proj", memory), value: project("v_proj", memory) };
  const attended = attend(scope, parts, bias, { kind, dropout: config.attention_dropout });
  const end = { kind: "attention", module: scope.in("out_proj"), norm: `${name}_layer_norm` } as const;
  return addAndNorm(block, config, end, attended, hidden);
}

function feedForward(block: Scope, config: Config, hidden: Value, inner: number): Value {
  const scope = block.in("fc1");
  const expanded = activations[config.activation_function]!(linear(scope, hidden, inner));
  const read = dropped(scope, config.activation_dropout, expanded);
  const end = { kind: "feed-forward", module: block.in("fc2"), norm: "final_layer_norm" } as const;
  return addAndNorm(block, config, end, read, hidden);
}

interface SublayerEnd {
  readonly kind: SublayerSite["kind"];
  readonly module: Scope;
  readonly norm: string;
}

/** LayerNorm(module(x) + residual); the sublayer reads the residual. */
function addAndNorm(
  block: Scope,
  config: Config,
  { kind, module, norm: name }: SublayerEnd,
  x: Value,
  residual: Value,
): Value {
  const output = dropped(module, config.dropout, linear(module, x, config.d_model));
  const norm = (sum: Value) => layerNorm(block.in(name), sum, EPSILON);
  const site = { module: module.name, kind, input: residual, output, residual, norm };
  return norm(add(block.sites.sublayer(site), residual));
}

function dropped({ name, sites }: Scope, p: number, x: Value): Value {
  return sites.dropout({ name, x, p });
}

/** A text is read by encoder and decoder, and what the decoder makes of its last token classified. */
const classifier = ({ d_model: width, eos_token_id: end, classifier_dropout: dropout }: Config): Head => ({
  architecture: "BartForSequenceClassification",
  forward(scope, hidden, { labels, inputs }) {
    const head = scope.in("classification_head", { head: true });
    const [dense, out] = [head.in("dense"), head.in("out_proj")];
    const pooled = tanh(linear(dense, dropped(dense, dropout, lastEnd(hidden, inputs, end)), width));
    return linear(out, dropped(out, dropout, pooled), labels);
  },
});

const languageModel = ({ vocab_size: vocabulary, d_model: width }: Config): Head => ({
  architecture: "BartForConditionalGeneration",
  forward: (scope, hidden) =>
    matmul(hidden, embeddingTable(scope.in("model").in("shared"), vocabulary, width), { transposeB: true }),
});
