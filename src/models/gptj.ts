/** GPT-J (Wang & Komatsuzaki 2021): attention and feed-forward side by side, over rotary positions of a part of each head. */
import * as z from "zod";
import { splitHeads } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { activations } from "../nn/activation.ts";
import { causalBias } from "../nn/attention.ts";
import { dropped } from "../nn/dropout.ts";
import { embedding } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/parameters.ts";
import { inverseFrequencies, rotated, type Rotation, rotation } from "../nn/rotary.ts";
import { attend } from "../nn/attend.ts";
import type { Architecture, Head, ModelInputs } from "./architecture.ts";
import { parseConfig, probability, withSpellings } from "./config.ts";
import { addSublayer, decoderBlocks, tokenPositions } from "./decoder.ts";
import { gptFields, gptSpellings, headsDivideWidth } from "./gpt-config.ts";
import { lastTokenClassifier, tiedDecoder } from "./heads.ts";

/** θ of the rotary positions; config.json has no field for it. */
const ROTARY_BASE = 10000;

const configSchema = z
  .object({
    ...gptFields,
    rotary_dim: z.int().positive().multipleOf(2).default(64),
    embd_pdrop: probability.default(0),
    attn_pdrop: probability.default(0),
    resid_pdrop: probability.default(0),
    tie_word_embeddings: z.boolean().default(false),
  })
  .refine(headsDivideWidth.check, headsDivideWidth.params)
  .refine(({ n_embd: width, n_head: heads, rotary_dim: turned }) => turned <= width / heads, {
    path: ["rotary_dim"],
    error: "expected at most n_embd / n_head",
  });
type Config = z.infer<typeof configSchema>;

export const gptj: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, withSpellings(json, gptSpellings), where);
    return {
      basePrefix: "transformer",
      vocabularySize: config.vocab_size,
      maxPositions: config.n_positions,
      paddingIndex: config.pad_token_id ?? 0,
      segments: 0,
      body: (scope, inputs) => body(scope.in("transformer"), config, inputs),
      heads: {
        "causal-language-model": languageModel(config),
        "sequence-classification": lastTokenClassifier("GPTJForSequenceClassification"),
      },
    };
  },
};

function body(scope: Scope, config: Config, inputs: ModelInputs): Value {
  const { input_ids: ids, attention_mask: mask, segment_ids: segments } = inputs;
  const bias = causalBias({ queries: ids, mask, segments });
  const inverse = inverseFrequencies(config.rotary_dim, ROTARY_BASE);
  const angles = rotation(tokenPositions(scope, inputs), { inverse });
  const words = scope.sites.words(embedding(scope.in("wte"), ids, config.vocab_size, config.n_embd));
  const embedded = dropped(scope, config.embd_pdrop, words);
  const hidden = decoderBlocks(scope.in("h"), config.n_layer, embedded, (block, states) =>
    decoderBlock(block, config, states, bias, angles),
  );
  return layerNorm(scope.in("ln_f"), hidden, config.layer_norm_epsilon);
}

/** hidden [batch, sequence, width] → the same, with attention and feed-forward added, both of the same norm of it. */
function decoderBlock(scope: Scope, config: Config, hidden: Value, bias: Value, angles: Rotation): Value {
  const { n_embd: width, n_inner: inner, resid_pdrop: p } = config;
  const input = layerNorm(scope.in("ln_1"), hidden, config.layer_norm_epsilon);
  const gathered = selfAttention(scope.in("attn"), config, input, bias, angles);
  const attentionEnd = scope.in("attn").in("out_proj");
  const attended = dropped(attentionEnd, p, linear(attentionEnd, gathered, width, { bias: false }));
  const mixed = addSublayer(attentionEnd, { kind: "attention", input, output: attended, residual: hidden });
  const expanded = activations[config.activation_function]!(
    linear(scope.in("mlp").in("fc_in"), input, inner ?? 4 * width),
  );
  const end = scope.in("mlp").in("fc_out");
  const output = dropped(end, p, linear(end, expanded, width));
  return addSublayer(end, { kind: "feed-forward", input, output, residual: mixed });
}

/** What each position gathers, [batch, sequence, width]. */
function selfAttention(scope: Scope, config: Config, x: Value, bias: Value, angles: Rotation): Value {
  const { n_embd: width, n_head: heads, attn_pdrop: dropout } = config;
  const project = (name: string) => splitHeads(linear(scope.in(name), x, width, { bias: false }), heads);
  const turned = (name: string) => rotated(project(name), angles, true);
  return attend(scope, { query: turned("q_proj"), key: turned("k_proj"), value: project("v_proj") }, bias, { dropout });
}

const languageModel = ({ vocab_size: vocabulary, tie_word_embeddings: tied }: Config): Head => ({
  architecture: "GPTJForCausalLM",
  forward(scope, hidden) {
    const head = scope.in("lm_head");
    const words = scope.in("transformer").in("wte");
    return tied ? tiedDecoder(head, words, hidden, vocabulary) : linear(head, hidden, vocabulary);
  },
});
