/** DeBERTa in its second and third versions (He et al. 2021; He, Gao & Chen 2023): BERT's blocks around disentangled attention. */
import * as z from "zod";
import { add, cast, equal, iota, mul, select, unsqueeze } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { activations } from "../nn/activation.ts";
import { attentionBias, HIDDEN } from "../nn/attention.ts";
import {
  type Distances,
  distanceRows,
  disentangledSelfAttention,
  logBucket,
  type PositionTerm,
  type Visibility,
} from "../nn/disentangled-attention.ts";
import { embedding, embeddingTable } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/parameters.ts";
import type { Architecture, BodyOptions, Head, ModelInputs } from "./architecture.ts";
import { activationName, parseConfig, probability } from "./config.ts";
import {
  encoderBlock,
  encoderFields,
  headDropout,
  headsDivideWidth,
  hiddenDropout,
  segmentEmbeddings,
  transformed,
} from "./encoder.ts";
import { firstToken, spanHead, tiedDecoder } from "./heads.ts";

/** `c2p`, `p2c`, both as a list, or as one string with a bar between them. */
const positionTerms: z.ZodType<readonly PositionTerm[]> = z.preprocess(
  (value) =>
    typeof value === "string"
      ? value
          .toLowerCase()
          .split("|")
          .map((term) => term.trim())
      : (value ?? []),
  z.array(z.enum(["c2p", "p2c"])).transform((terms) => [...new Set(terms)].toSorted()),
);

const configSchema = z
  .object({
    ...encoderFields,
    type_vocab_size: z.int().nonnegative().default(0),
    layer_norm_eps: z.number().positive().default(1e-7),
    relative_attention: z.boolean().default(false),
    pos_att_type: positionTerms,
    share_att_key: z.boolean().default(false),
    max_relative_positions: z.int().default(-1),
    position_buckets: z.int().default(-1),
    norm_rel_ebd: z.enum(["none", "layer_norm"]).default("none"),
    position_biased_input: z.boolean().default(true),
    pooler_hidden_act: activationName.default("gelu"),
    pooler_dropout: probability.default(0),
    cls_dropout: probability.nullable().default(null),
    /** Whether the language model's head is BERT's, which transformers reads unless told otherwise. */
    legacy: z.boolean().default(true),
    conv_kernel_size: z.literal(0, "a convolution beside the first block is not implemented, expected 0").default(0),
    embedding_size: z.int().optional(),
    attention_head_size: z.int().optional(),
    pooler_hidden_size: z.int().optional(),
  })
  .refine(headsDivideWidth.check, headsDivideWidth.params)
  .refine(({ position_buckets: buckets }) => buckets !== 1, {
    path: ["position_buckets"],
    error: "expected two or more, or -1 for none",
  })
  .refine(({ embedding_size: size, hidden_size: width }) => (size ?? width) === width, {
    path: ["embedding_size"],
    error: "expected hidden_size",
  })
  .refine(({ pooler_hidden_size: size, hidden_size: width }) => (size ?? width) === width, {
    path: ["pooler_hidden_size"],
    error: "expected hidden_size",
  })
  .refine(
    ({ attention_head_size: size, hidden_size: width, num_attention_heads: heads }) =>
      (size ?? width / heads) === width / heads,
    { path: ["attention_head_size"], error: "expected hidden_size / num_attention_heads" },
  );
type Config = z.infer<typeof configSchema>;

export const debertaV2: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, json, where);
    return {
      basePrefix: "deberta",
      vocabularySize: config.vocab_size,
      maxPositions: config.max_position_embeddings,
      paddingIndex: config.pad_token_id,
      segments: config.type_vocab_size,
      body: (scope, inputs, options) => body(scope.in("deberta"), config, inputs, options),
      heads: {
        "sequence-classification": classifier(config),
        "question-answering": spanHead("DebertaV2ForQuestionAnswering"),
        "masked-language-model": languageModel(config),
      },
    };
  },
};

function body(scope: Scope, config: Config, inputs: ModelInputs, options?: BodyOptions): Value {
  const self = {
    heads: config.num_attention_heads,
    terms: config.pos_att_type,
    shared: config.share_att_key,
    dropout: config.attention_probs_dropout_prob,
    positionDropout: config.hidden_dropout_prob,
  };
  const seen = visibility(inputs.attention_mask, options);
  const encoder = scope.in("encoder");
  let hidden = embeddings(scope.in("embeddings"), config, inputs);
  const distances = relativeEmbeddings(encoder, config);
  const attend = (attention: Scope, x: Value) => disentangledSelfAttention(attention, self, x, seen, distances);
  for (let block = 0; block < config.num_hidden_layers; block++)
    hidden = encoderBlock(encoder.in("layer").in(String(block), { block }), config, scope.sites.block(hidden), attend);
  return hidden;
}

/** Padding is not seen, and sees nothing. */
function visibility(mask: Value, options?: BodyOptions): Visibility {
  const queries = equal(unsqueeze(unsqueeze(mask, 1), -1), 1);
  return { queries, keys: equal(select(queries, attentionBias(mask, options), HIDDEN), 0) };
}

/** LayerNorm(words + positions + segments), of which positions and segments may be absent; zero where there is padding. */
function embeddings(scope: Scope, config: Config, inputs: ModelInputs): Value {
  const { hidden_size: width, max_position_embeddings: positions, pad_token_id: padding } = config;
  const { sites } = scope;
  let sum = sites.words(embedding(scope.in("word_embeddings"), inputs.input_ids, config.vocab_size, width, padding));
  if (config.position_biased_input)
    sum = add(
      sum,
      embedding(scope.in("position_embeddings"), sites.positions(iota(inputs.input_ids, 1)), positions, width),
    );
  const segments = segmentEmbeddings(scope.in("token_type_embeddings"), config, inputs.token_type_ids);
  if (segments) sum = add(sum, segments);
  const normed = layerNorm(scope.in("LayerNorm"), sum, config.layer_norm_eps);
  return hiddenDropout(scope, config, mul(normed, cast(unsqueeze(inputs.attention_mask, -1), "float32")));
}

/** One embedding for each distance or bucket of distances to the left and to the right, shared by all blocks. */
function relativeEmbeddings(scope: Scope, config: Config): Distances | null {
  if (!config.relative_attention || config.pos_att_type.length === 0) return null;
  const { max_position_embeddings: positions, position_buckets: buckets, max_relative_positions: relative } = config;
  const limit = relative < 1 ? positions : relative;
  const span = buckets > 0 ? buckets : limit;
  const table = embeddingTable(scope.in("rel_embeddings"), 2 * span, config.hidden_size);
  return {
    embeddings: config.norm_rel_ebd === "none" ? table : layerNorm(scope.in("LayerNorm"), table, config.layer_norm_eps),
    rows: distanceRows(positions, span, (distance) => (buckets > 0 ? logBucket(distance, buckets, limit) : distance)),
  };
}

/** The pooler counts as head: pretrained checkpoints do not hold it. */
const classifier = (config: Config): Head => ({
  architecture: "DebertaV2ForSequenceClassification",
  forward(scope, hidden, { labels }) {
    const pooler = scope.in("pooler", { head: true }).in("dense");
    const read = headDropout(pooler, { ...config, classifier_dropout: config.pooler_dropout }, firstToken(hidden));
    const pooled = activations[config.pooler_hidden_act]!(linear(pooler, read, config.hidden_size));
    const head = scope.in("classifier", { head: true });
    return linear(head, headDropout(head, { ...config, classifier_dropout: config.cls_dropout }, pooled), labels);
  },
});

const languageModel = (config: Config): Head => ({
  architecture: "DebertaV2ForMaskedLM",
  forward(scope, hidden) {
    const head = config.legacy ? scope.in("cls").in("predictions") : scope.in("lm_predictions").in("lm_head");
    const read = transformed(config.legacy ? head.in("transform") : head, config, hidden);
    return tiedDecoder(head, scope.in("deberta").in("embeddings").in("word_embeddings"), read, config.vocab_size);
  },
});
