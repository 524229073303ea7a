/**
 * RoBERTa (Liu et al. 2019): BERT's encoder, with positions counted from the padding index on and another head. What was made of it
 * for other languages differs by name alone.
 */
import * as z from "zod";
import { add, cast, cumsum, equal, gelu, mul, sub, tanh } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Architecture, Head, Model } from "./architecture.ts";
import { parseConfig } from "./config.ts";
import { encoder, encoderFields, headDropout, headsDivideWidth } from "./encoder.ts";
import { firstToken, spanHead, tiedDecoder } from "./heads.ts";

const configSchema = z
  .object({ ...encoderFields, pad_token_id: z.int().nonnegative().default(1) })
  .refine(headsDivideWidth.check, headsDivideWidth.params);
type Config = z.infer<typeof configSchema>;

export const roberta: Architecture = robertaAs("Roberta");
/** RoBERTa in a hundred languages (Conneau et al. 2020). */
export const xlmRoberta: Architecture = robertaAs("XLMRoberta");
/** RoBERTa in French (Martin et al. 2020). */
export const camembert: Architecture = robertaAs("Camembert");

/** @param family how the names begin that transformers gives body and head together */
function robertaAs(family: string): Architecture {
  return { configure: (json, where) => configured(parseConfig(configSchema, json, where), family) };
}

function configured(config: Config, family: string): Model {
  const padding = config.pad_token_id;
  return {
    basePrefix: "roberta",
    vocabularySize: config.vocab_size,
    maxPositions: config.max_position_embeddings - padding - 1,
    paddingIndex: padding,
    segments: config.type_vocab_size,
    body: (scope, inputs, options) =>
      encoder(scope.in("roberta"), config, inputs, { rows: positionIds(inputs.input_ids, padding), padding }, options),
    heads: {
      "sequence-classification": classifier(config, `${family}ForSequenceClassification`),
      "question-answering": spanHead(`${family}ForQuestionAnswering`),
      "masked-language-model": languageModel(config, `${family}ForMaskedLM`),
    },
  };
}

/** Positions of ids [batch, sequence]: padding stands at the padding index, the n-th other token at the padding index + n. */
function positionIds(ids: Value, padding: number): Value {
  const real = sub(1, cast(equal(ids, padding), "int64"));
  return add(mul(cumsum(real, 1), real), padding);
}

const classifier = (config: Config, architecture: string): Head => ({
  architecture,
  forward(scope, hidden, { labels }) {
    const head = scope.in("classifier", { head: true });
    const read = headDropout(head.in("dense"), config, firstToken(hidden));
    const pooled = tanh(linear(head.in("dense"), read, config.hidden_size));
    return linear(head.in("out_proj"), headDropout(head.in("out_proj"), config, pooled), labels);
  },
});

const languageModel = (config: Config, architecture: string): Head => ({
  architecture,
  forward(scope, hidden) {
    const head = scope.in("lm_head");
    const transformed = layerNorm(
      head.in("layer_norm"),
      gelu(linear(head.in("dense"), hidden, config.hidden_size)),
      config.layer_norm_eps,
    );
    return tiedDecoder(
      head,
      scope.in("roberta").in("embeddings").in("word_embeddings"),
      transformed,
      config.vocab_size,
    );
  },
});
