"""The rotary frequencies that transformers reads from the fields of config.json, for test/fixtures/rotary.json."""
import json
from pathlib import Path

import torch
import transformers
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

FIXTURE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "rotary.json"
SIZES = dict(hidden_size=256, num_attention_heads=2, head_dim=128, max_position_embeddings=4096)
LLAMA3 = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
YARN = dict(factor=4.0, original_max_position_embeddings=32768)
# Each a name, fields of config.json, and how long a text is.
CASES = [
    ("LLaMA 2", dict(), 9),
    ("SmolLM2", dict(head_dim=64, rope_parameters=dict(rope_theta=100000.0, rope_type="default")), 9),
    ("a base beside no scaling", dict(rope_theta=500000.0, rope_scaling=None), 9),
    ("linear, as older files have it", dict(rope_scaling=dict(type="linear", factor=2.0)), 9),
    ("linear, a base inside", dict(rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=1000000.0)), 9),
    ("dynamic, a short text", dict(rope_scaling=dict(type="dynamic", factor=2.0)), 4096),
    ("dynamic, a long text", dict(rope_scaling=dict(type="dynamic", factor=2.0)), 6000),
    (
        "LLaMA 3.1",
        dict(
            max_position_embeddings=131072,
            rope_theta=500000.0,
            rope_scaling=dict(LLAMA3, rope_type="llama3", original_max_position_embeddings=8192),
        ),
        9,
    ),
    ("llama3 without the original length", dict(rope_scaling=dict(LLAMA3, rope_type="llama3")), 9),
    (
        "Qwen2.5",
        dict(max_position_embeddings=131072, rope_theta=1000000.0, rope_scaling=dict(YARN, type="yarn")),
        9,
    ),
    (
        "yarn by the lengths",
        dict(rope_scaling=dict(rope_type="yarn", factor=None, original_max_position_embeddings=1024)),
        9,
    ),
    ("yarn, an original length outside", dict(original_max_position_embeddings=512, rope_scaling=dict(YARN, rope_type="yarn")), 9),
    (
        "yarn, all of its fields",
        dict(
            rope_scaling=dict(
                YARN, rope_type="yarn", attention_factor=1.3, beta_fast=16.0, beta_slow=2.0, mscale=0.7, mscale_all_dim=0.5
            )
        ),
        9,
    ),
    ("yarn, two scales and no rounding", dict(rope_scaling=dict(YARN, rope_type="yarn", mscale=0.7, mscale_all_dim=0.5, truncate=False)), 9),
    ("yarn, one scale", dict(rope_scaling=dict(YARN, rope_type="yarn", mscale=0.7)), 9),
]


def frequencies(fields: dict, length: int) -> dict:
    embedding = LlamaRotaryEmbedding(LlamaConfig(**fields))
    embedding(torch.zeros(1), torch.arange(length)[None])
    return {"inverse": embedding.inv_freq.tolist(), "attention_factor": embedding.attention_scaling}


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    cases = []
    for name, fields, length in CASES:
        config = SIZES | fields
        # LlamaConfig completes what it is given.
        computed = frequencies(json.loads(json.dumps(config)), length)
        cases.append({"name": name, "config": config, "length": length} | computed)
    FIXTURE.write_text(json.dumps(cases, separators=(",", ":")).replace("},{\"name\"", "},\n{\"name\"") + "\n")
