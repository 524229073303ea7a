"""The decoders' cases of models_fixture.py."""
import types

import torch
import torch.nn.functional as F
from model_case import Case
from transformers import (
    BloomForCausalLM,
    BloomForSequenceClassification,
    BloomModel,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    GPT2Model,
    GPTJForCausalLM,
    GPTJForSequenceClassification,
)
from transformers.models.bloom import modeling_bloom

# BLOOM's softmax is in float32 whatever the rest is in; here it is in float64 like the rest.
modeling_bloom.F = types.SimpleNamespace(
    softmax=lambda x, dim, dtype: F.softmax(x, dim), dropout=F.dropout, linear=F.linear
)

GPT2 = dict(vocab_size=41, n_positions=12, n_embd=16, n_layer=2, n_head=2, pad_token_id=3)
GPTJ = dict(vocab_size=43, n_positions=12, n_embd=16, n_layer=2, n_head=2, rotary_dim=4, pad_token_id=2)
BLOOM = dict(vocab_size=45, hidden_size=16, n_layer=2, n_head=4, pad_token_id=3)

CASES = {
    "gpt2-classification": Case(GPT2ForSequenceClassification, dict(GPT2, num_labels=3)),
    "gpt2-left": Case(GPT2ForSequenceClassification, dict(GPT2, num_labels=1, problem_type="regression"), padding="left"),
    "gpt2-lm": Case(GPT2LMHeadModel, GPT2),
    "gpt2-lm-left": Case(GPT2LMHeadModel, dict(GPT2, n_head=4), padding="left"),
    # Scores scaled by the number of the layer and not by the width, a feed-forward narrower than the model, and a head of its own.
    "gpt2-scaled": Case(
        GPT2LMHeadModel,
        dict(
            GPT2 | dict(n_embd=24, n_head=3, n_layer=3, n_inner=20),
            activation_function="relu",
            layer_norm_epsilon=1e-3,
            scale_attn_weights=False,
            scale_attn_by_inverse_layer_idx=True,
            tie_word_embeddings=False,
        ),
    ),
    # As OpenAI's checkpoints are: no `transformer.`, and buffers that nothing reads.
    "gpt2-bare": Case(
        GPT2LMHeadModel,
        GPT2,
        saved=GPT2Model,
        extra={"h.0.attn.bias": (1, 1, 12, 12), "h.0.attn.masked_bias": (), "h.1.attn.bias": (1, 1, 12, 12)},
    ),
    "gpt2-sharded": Case(GPT2ForSequenceClassification, dict(GPT2, num_labels=2), shard="8KB"),
    "gpt2-float16": Case(GPT2LMHeadModel, GPT2, dtype=torch.float16),
    "gptj-classification": Case(GPTJForSequenceClassification, dict(GPTJ, n_inner=20, num_labels=3)),
    "gptj-lm": Case(GPTJForCausalLM, GPTJ),
    "gptj-lm-left": Case(GPTJForCausalLM, dict(GPTJ, n_head=4, rotary_dim=2), padding="left"),
    # Whole heads are turned, and the scores are of the embeddings themselves.
    "gptj-tied": Case(
        GPTJForCausalLM,
        dict(
            GPTJ | dict(n_embd=24, n_head=3, n_inner=20, rotary_dim=8),
            activation_function="silu",
            layer_norm_epsilon=1e-3,
            tie_word_embeddings=True,
        ),
        padding="left",
    ),
    "bloom-classification": Case(BloomForSequenceClassification, dict(BLOOM, hidden_size=18, n_head=3, num_labels=3)),
    "bloom-left": Case(BloomForSequenceClassification, dict(BLOOM, num_labels=2), padding="left"),
    "bloom-lm": Case(BloomForCausalLM, BLOOM),
    # Three heads, which are no power of two, and norms that are added to in place of what they are the norms of.
    "bloom-post-norm": Case(
        BloomForCausalLM,
        dict(
            BLOOM | dict(hidden_size=24, n_head=3),
            apply_residual_connection_post_layernorm=True,
            layer_norm_epsilon=1e-3,
            tie_word_embeddings=False,
        ),
        padding="left",
    ),
    # As BigScience's checkpoints are: no `transformer.`.
    "bloom-bare": Case(BloomForCausalLM, dict(BLOOM, n_head=2), saved=BloomModel, dtype=torch.float16),
}
