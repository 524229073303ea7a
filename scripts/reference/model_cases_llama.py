"""The cases of LLaMA and its relatives for models_fixture.py."""
import types

import torch
import torch.nn.functional as F
from model_case import Case
from torch import nn
from transformers import (
    GemmaForCausalLM,
    GemmaForSequenceClassification,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    LlamaModel,
    MistralForCausalLM,
    MistralForSequenceClassification,
    Qwen2ForCausalLM,
    Qwen2ForSequenceClassification,
    Qwen3ForCausalLM,
    Qwen3ForSequenceClassification,
)
from transformers.models.gemma import modeling_gemma
from transformers.models.llama import modeling_llama
from transformers.models.mistral import modeling_mistral
from transformers.models.qwen2 import modeling_qwen2
from transformers.models.qwen3 import modeling_qwen3

# Their softmax is in float32 whatever the rest is in; here it is in float64 like the rest.
for modeling in (modeling_gemma, modeling_llama, modeling_mistral, modeling_qwen2, modeling_qwen3):
    functional = types.SimpleNamespace(softmax=lambda x, dim, dtype: F.softmax(x, dim), dropout=F.dropout)
    modeling.nn = types.SimpleNamespace(**(vars(nn) | {"functional": functional}))

SIZES = dict(hidden_size=16, num_hidden_layers=2, intermediate_size=28, num_attention_heads=4, max_position_embeddings=16)
LLAMA = dict(SIZES, vocab_size=41, num_key_value_heads=2, pad_token_id=3)
TURNED = dict(LLAMA, head_dim=8)


def rope(rope_type: str, **parameters) -> dict:
    return dict(rope_parameters=dict(rope_type=rope_type, rope_theta=10000.0, **parameters))


CASES = {
    "llama-classification": Case(LlamaForSequenceClassification, dict(TURNED, num_labels=3)),
    "llama-left": Case(
        LlamaForSequenceClassification, dict(LLAMA, num_labels=1, problem_type="regression"), padding="left"
    ),
    # A head of keys for each of queries.
    "llama-lm": Case(LlamaForCausalLM, dict(LLAMA, num_key_value_heads=4), padding_inside=True),
    # Heads that are together wider than the model.
    "llama-tied": Case(
        LlamaForCausalLM, dict(TURNED, tie_word_embeddings=True, rope_parameters=dict(rope_theta=500.0)), padding="left"
    ),
    # One head of keys for all of queries.
    "llama-biases": Case(
        LlamaForCausalLM,
        dict(
            LLAMA | dict(hidden_size=24, num_attention_heads=3, num_key_value_heads=1, num_hidden_layers=1),
            attention_bias=True,
            mlp_bias=True,
            hidden_act="gelu",
            rms_norm_eps=1e-3,
        ),
    ),
    "llama-linear": Case(LlamaForCausalLM, TURNED | rope("linear", factor=3.0)),
    # Texts of 7 tokens where 4 are what the model was trained on.
    "llama-dynamic": Case(LlamaForCausalLM, TURNED | dict(max_position_embeddings=4) | rope("dynamic", factor=2.5)),
    # Of four pairs one turns as it did, one slower, and two slowly.
    "llama-llama3": Case(
        LlamaForCausalLM,
        TURNED
        | dict(max_position_embeddings=512)
        | rope(
            "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64
        ),
        padding="left",
    ),
    "llama-yarn": Case(
        LlamaForCausalLM,
        TURNED | dict(max_position_embeddings=256) | rope("yarn", factor=4.0, original_max_position_embeddings=64),
    ),
    "llama-yarn-mscale": Case(
        LlamaForCausalLM,
        TURNED
        | rope(
            "yarn",
            factor=4.0,
            original_max_position_embeddings=4,
            mscale=0.7,
            mscale_all_dim=0.4,
            beta_fast=0.5,
            beta_slow=0.05,
            truncate=False,
        ),
    ),
    "llama-bfloat16": Case(LlamaForCausalLM, LLAMA, dtype=torch.bfloat16),
    "llama-sharded": Case(LlamaForCausalLM, LLAMA, shard="8KB"),
    # A language model's checkpoint, whose scores a classifier has no use for, with a buffer as older ones hold.
    "llama-headless": Case(
        LlamaForSequenceClassification,
        dict(LLAMA, num_labels=2),
        saved=LlamaForCausalLM,
        extra={"model.layers.0.self_attn.rotary_emb.inv_freq": (2,)},
    ),
    "llama-bare": Case(LlamaForCausalLM, dict(LLAMA, tie_word_embeddings=True), saved=LlamaModel),
    # Windows shorter than the texts.
    "mistral-classification": Case(MistralForSequenceClassification, dict(TURNED, sliding_window=4, num_labels=2)),
    "mistral-lm": Case(MistralForCausalLM, dict(TURNED, sliding_window=3), padding="left"),
    "mistral-wide": Case(MistralForCausalLM, dict(LLAMA, sliding_window=None)),
    "qwen2-classification": Case(Qwen2ForSequenceClassification, dict(TURNED, num_labels=2)),
    # Windows in the second layer alone.
    "qwen2-lm": Case(
        Qwen2ForCausalLM,
        dict(LLAMA, tie_word_embeddings=True, use_sliding_window=True, sliding_window=3, max_window_layers=1),
        padding="left",
    ),
    "qwen3-classification": Case(Qwen3ForSequenceClassification, dict(TURNED, num_labels=2), padding="left"),
    # Windows in the first layer alone.
    "qwen3-lm": Case(
        Qwen3ForCausalLM,
        dict(
            LLAMA,
            head_dim=6,
            attention_bias=True,
            use_sliding_window=True,
            sliding_window=2,
            layer_types=["sliding_attention", "full_attention"],
        ),
    ),
    "gemma-classification": Case(GemmaForSequenceClassification, dict(TURNED, num_labels=2)),
    "gemma-lm": Case(GemmaForCausalLM, dict(TURNED, num_key_value_heads=1), padding="left"),
}
