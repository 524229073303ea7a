/** BERT (Devlin et al. 2019). */
import * as z from "zod";
import { iota, tanh } from "../graph/ops.ts";
import { linear } from "../nn/linear.ts";
import type { Architecture, Head } from "./architecture.ts";
import { parseConfig } from "./config.ts";
import { encoder, type EncoderConfig, encoderFields, headDropout, headsDivideWidth, transformed } from "./encoder.ts";
import { firstToken, spanHead, tiedDecoder } from "./heads.ts";

const configSchema = z.object(encoderFields).refine(headsDivideWidth.check, headsDivideWidth.params);

export const bert: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, json, where);
    return {
      basePrefix: "bert",
      vocabularySize: config.vocab_size,
      maxPositions: config.max_position_embeddings,
      paddingIndex: config.pad_token_id,
      segments: config.type_vocab_size,
      body: (scope, inputs, options) =>
        encoder(scope.in("bert"), config, inputs, { rows: iota(inputs.input_ids, 1) }, options),
      heads: {
        "sequence-classification": classifier(config),
        "question-answering": spanHead("BertForQuestionAnswering"),
        "masked-language-model": languageModel(config),
      },
    };
  },
};

/** The pooler counts as head: what pretraining left in it served another task, and it is trained with the classifier above it. */
const classifier = (config: EncoderConfig): Head => ({
  architecture: "BertForSequenceClassification",
  forward(scope, hidden, { labels }) {
    const pooler = scope.in("bert").in("pooler", { head: true });
    const pooled = tanh(linear(pooler.in("dense"), firstToken(hidden), config.hidden_size));
    const head = scope.in("classifier", { head: true });
    return linear(head, headDropout(head, config, pooled), labels);
  },
});

const languageModel = (config: EncoderConfig): Head => ({
  architecture: "BertForMaskedLM",
  forward(scope, hidden) {
    const predictions = scope.in("cls").in("predictions");
    return tiedDecoder(
      predictions,
      scope.in("bert").in("embeddings").in("word_embeddings"),
      transformed(predictions.in("transform"), config, hidden),
      config.vocab_size,
    );
  },
});
