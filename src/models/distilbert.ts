/** DistilBERT (Sanh et al. 2019): BERT's encoder with half of its layers, without segments and without a pooler. */
import * as z from "zod";
import { add, iota, relu } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { activations } from "../nn/activation.ts";
import { attentionBias } from "../nn/attention.ts";
import { embedding } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/parameters.ts";
import { selfAttention } from "../nn/self-attention.ts";
import type { Architecture, BodyOptions, Head, ModelInputs } from "./architecture.ts";
import { activationName, parseConfig, probability } from "./config.ts";
import { firstToken, spanHead, tiedDecoder } from "./heads.ts";

/** The ε of every norm; config.json has no field for it. */
const EPSILON = 1e-12;

const configSchema = z
  .object({
    vocab_size: z.int().positive(),
    dim: z.int().positive(),
    n_layers: z.int().positive(),
    n_heads: z.int().positive(),
    hidden_dim: z.int().positive(),
    activation: activationName.default("gelu"),
    max_position_embeddings: z.int().positive(),
    pad_token_id: z.int().nonnegative().default(0),
    dropout: probability.default(0.1),
    attention_dropout: probability.default(0.1),
    seq_classif_dropout: probability.default(0.2),
    qa_dropout: probability.default(0.1),
  })
  .refine(({ dim, n_heads: heads }) => dim % heads === 0, { path: ["n_heads"], error: "expected a divisor of dim" });
type Config = z.infer<typeof configSchema>;

export const distilbert: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, json, where);
    return {
      basePrefix: "distilbert",
      vocabularySize: config.vocab_size,
      maxPositions: config.max_position_embeddings,
      paddingIndex: config.pad_token_id,
      segments: 0,
      body: (scope, inputs, options) => body(scope.in("distilbert"), config, inputs, options),
      heads: {
        "sequence-classification": classifier(config),
        "question-answering": spanFinder(config),
        "masked-language-model": languageModel(config),
      },
    };
  },
};

function body(scope: Scope, config: Config, inputs: ModelInputs, options?: BodyOptions): Value {
  const bias = attentionBias(inputs.attention_mask, options);
  const layers = scope.in("transformer").in("layer");
  let hidden = embeddings(scope.in("embeddings"), config, inputs.input_ids);
  for (let block = 0; block < config.n_layers; block++)
    hidden = encoderBlock(layers.in(String(block), { block }), config, scope.sites.block(hidden), bias);
  return hidden;
}

/** LayerNorm(words + positions) */
function embeddings(scope: Scope, config: Config, ids: Value): Value {
  const { sites } = scope;
  const words = sites.words(
    embedding(scope.in("word_embeddings"), ids, config.vocab_size, config.dim, config.pad_token_id),
  );
  const positions = embedding(
    scope.in("position_embeddings"),
    sites.positions(iota(ids, 1)),
    config.max_position_embeddings,
    config.dim,
  );
  return dropped(scope, config, layerNorm(scope.in("LayerNorm"), add(words, positions), EPSILON));
}

/** hidden [batch, sequence, width] → the same, through attention and feed-forward, each added to its input and then normalised. */
function encoderBlock(scope: Scope, config: Config, hidden: Value, bias: Value): Value {
  const self = {
    names: { query: "q_lin", key: "k_lin", value: "v_lin" },
    heads: config.n_heads,
    dropout: config.attention_dropout,
  };
  const outer = scope.in("attention");
  const attended = linear(outer.in("out_lin"), selfAttention(outer, self, hidden, bias), config.dim);
  const mixed = addAndNorm(scope, "attention", attended, hidden);
  const inner = scope.in("ffn");
  const expanded = activations[config.activation]!(linear(inner.in("lin1"), mixed, config.hidden_dim));
  return addAndNorm(
    scope,
    "feed-forward",
    dropped(inner, config, linear(inner.in("lin2"), expanded, config.dim)),
    mixed,
  );
}

/** What gives a sublayer's output, and the norm after it. */
const sublayers = {
  attention: { module: "attention.out_lin", norm: "sa_layer_norm" },
  "feed-forward": { module: "ffn.lin2", norm: "output_layer_norm" },
} as const;

/** LayerNorm(output + residual); the sublayer reads the residual. */
function addAndNorm(scope: Scope, kind: keyof typeof sublayers, output: Value, residual: Value): Value {
  const { module, norm: name } = sublayers[kind];
  const norm = (sum: Value) => layerNorm(scope.in(name), sum, EPSILON);
  const site = { module: `${scope.name}.${module}`, kind, input: residual, output, residual, norm };
  return norm(add(scope.sites.sublayer(site), residual));
}

function dropped({ name, sites }: Scope, { dropout: p }: Pick<Config, "dropout">, x: Value): Value {
  return sites.dropout({ name, x, p });
}

const classifier = ({ dim, seq_classif_dropout: dropout }: Config): Head => ({
  architecture: "DistilBertForSequenceClassification",
  forward(scope, hidden, { labels }) {
    const pooled = relu(linear(scope.in("pre_classifier", { head: true }), firstToken(hidden), dim));
    const head = scope.in("classifier", { head: true });
    return linear(head, dropped(head, { dropout }, pooled), labels);
  },
});

const spanFinder = ({ qa_dropout: dropout }: Config): Head =>
  spanHead("DistilBertForQuestionAnswering", (head, hidden) => dropped(head, { dropout }, hidden));

const languageModel = (config: Config): Head => ({
  architecture: "DistilBertForMaskedLM",
  forward(scope, hidden) {
    const transformed = layerNorm(
      scope.in("vocab_layer_norm"),
      activations[config.activation]!(linear(scope.in("vocab_transform"), hidden, config.dim)),
      EPSILON,
    );
    const words = scope.in("distilbert").in("embeddings").in("word_embeddings");
    return tiedDecoder(scope.in("vocab_projector"), words, transformed, config.vocab_size);
  },
});
