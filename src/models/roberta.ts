/** RoBERTa (Liu et al. 2019): BERT's encoder, with positions counted from the padding index on and another head. */
import * as z from "zod";
import { add, cast, cumsum, equal, gelu, mul, sub, tanh } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Architecture, Head } from "./architecture.ts";
import { parseConfig } from "./config.ts";
import { encoder, type EncoderConfig, encoderFields, firstToken, headDropout, headsDivideWidth, tiedDecoder } from "./encoder.ts";

const configSchema = z
  .object({ ...encoderFields, pad_token_id: z.int().nonnegative().default(1) })
  .refine(headsDivideWidth.check, headsDivideWidth.params);

export const roberta: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, json, where);
    const padding = config.pad_token_id;
    return {
      basePrefix: "roberta",
      vocabularySize: config.vocab_size,
      maxPositions: config.max_position_embeddings - padding - 1,
      paddingIndex: padding,
      segments: config.type_vocab_size,
      body: (scope, inputs, options) =>
        encoder(scope.in("roberta"), config, inputs, positionIds(inputs.input_ids, padding), options),
      heads: { "sequence-classification": classifier(config), "masked-language-model": languageModel(config) },
    };
  },
};

/** Positions of ids [batch, sequence]: padding stands at the padding index, the n-th other token at the padding index + n. */
function positionIds(ids: Value, padding: number): Value {
  const real = sub(1, cast(equal(ids, padding), "int64"));
  return add(mul(cumsum(real, 1), real), padding);
}

const classifier = (config: EncoderConfig): Head => ({
  architecture: "RobertaForSequenceClassification",
  forward(scope, hidden, labels) {
    const head = scope.in("classifier", { head: true });
    const read = headDropout(head.in("dense"), config, firstToken(hidden));
    const pooled = tanh(linear(head.in("dense"), read, config.hidden_size));
    return linear(head.in("out_proj"), headDropout(head.in("out_proj"), config, pooled), labels);
  },
});

const languageModel = (config: EncoderConfig): Head => ({
  architecture: "RobertaForMaskedLM",
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
