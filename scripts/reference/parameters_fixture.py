"""What transformers and peft count of the models of docs/parameters.md, for test/fixtures/parameters.json.

Of each model: how many parameters of which shape have a name, `*` standing for a block's number; and how many numbers
peft trains beside the head, by the rows of the page. No weights are made.
"""
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import peft
import torch
import transformers
from peft import PeftConfig, get_peft_model
from transformers import PretrainedConfig, PreTrainedModel

FIXTURE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "parameters.json"

ROBERTA = {"vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
DEBERTA = {
    "vocab_size": 128100,
    "type_vocab_size": 0,
    "relative_attention": True,
    "position_buckets": 256,
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
}
LLAMA_13B = {"hidden_size": 5120, "num_hidden_layers": 40, "num_attention_heads": 40, "intermediate_size": 13824}

# The sizes that are left out are those of these models in transformers' defaults.
MODELS: dict[str, tuple[type[PreTrainedModel], PretrainedConfig, str]] = {
    "RoBERTa-base": (transformers.RobertaForSequenceClassification, transformers.RobertaConfig(**ROBERTA), "SEQ_CLS"),
    "RoBERTa-large": (
        transformers.RobertaForSequenceClassification,
        transformers.RobertaConfig(**ROBERTA, **LARGE),
        "SEQ_CLS",
    ),
    "DeBERTaV3-base": (
        transformers.DebertaV2ForSequenceClassification,
        transformers.DebertaV2Config(
            **DEBERTA, hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072
        ),
        "SEQ_CLS",
    ),
    "BART-large": (transformers.BartForConditionalGeneration, transformers.BartConfig(), "SEQ_2_SEQ_LM"),
    "BLOOM-7b1": (
        transformers.BloomForCausalLM,
        transformers.BloomConfig(hidden_size=4096, n_layer=30, n_head=32),
        "CAUSAL_LM",
    ),
    "GPT-J-6B": (transformers.GPTJForCausalLM, transformers.GPTJConfig(), "CAUSAL_LM"),
    "LLaMA-2-7B": (transformers.LlamaForCausalLM, transformers.LlamaConfig(), "CAUSAL_LM"),
    "LLaMA-2-13B": (transformers.LlamaForCausalLM, transformers.LlamaConfig(**LLAMA_13B), "CAUSAL_LM"),
}

QUERY_AND_VALUE = ["query", "value", "query_proj", "value_proj", "q_proj", "v_proj", "query_key_value"]
NETWORK = {"prefix_projection": True, "encoder_hidden_size": 512}

METHODS: dict[str, Callable[[str], PeftConfig]] = {
    "LoRA, rank 8": lambda task: peft.LoraConfig(task_type=task, r=8),
    "LoRA, rank 8, target_modules all-linear": lambda task: peft.LoraConfig(
        task_type=task, r=8, target_modules="all-linear"
    ),
    "DoRA, rank 8, use_dora true": lambda task: peft.LoraConfig(task_type=task, r=8, use_dora=True),
    "AdaLoRA, init_r 12": lambda task: peft.AdaLoraConfig(
        task_type=task, init_r=12, total_step=100, target_modules="all-linear"
    ),
    "AdaLoRA, init_r 12, at query, value, fused": lambda task: peft.AdaLoraConfig(
        task_type=task, init_r=12, total_step=100, target_modules=QUERY_AND_VALUE
    ),
    "VeRA, rank 256": lambda task: peft.VeraConfig(task_type=task, r=256),
    "VeRA, rank 1024": lambda task: peft.VeraConfig(task_type=task, r=1024),
    "(IA)³, defaults": lambda task: peft.IA3Config(task_type=task),
    "LayerNorm tuning, defaults": lambda task: peft.LNTuningConfig(task_type=task),
    "prompt tuning, num_virtual_tokens 20": lambda task: peft.PromptTuningConfig(task_type=task, num_virtual_tokens=20),
    "P-tuning, num_virtual_tokens 20, encoder_hidden_size 128": lambda task: peft.PromptEncoderConfig(
        task_type=task, num_virtual_tokens=20, encoder_hidden_size=128
    ),
    "prefix tuning, num_virtual_tokens 20": lambda task: peft.PrefixTuningConfig(task_type=task, num_virtual_tokens=20),
    "prefix tuning, num_virtual_tokens 20, prefix_projection true, encoder_hidden_size 512": (
        lambda task: peft.PrefixTuningConfig(task_type=task, num_virtual_tokens=20, **NETWORK)
    ),
}


def model_of(name: str) -> PreTrainedModel:
    kind, config, _ = MODELS[name]
    with torch.device("meta"):
        model = kind(config)
    model.tie_weights()
    return model


def parameters(model: PreTrainedModel) -> dict[str, str]:
    copies = Counter(
        (re.sub(r"\.\d+\.", ".*.", name), tuple(parameter.shape)) for name, parameter in model.named_parameters()
    )
    return {name: f"{count} × {list(shape)}" for (name, shape), count in sorted(copies.items())}


def trained(name: str, config: PeftConfig) -> int | None:
    """What is trained beside the head; None where peft has no targets for the model."""
    try:
        with torch.device("meta"):
            model = get_peft_model(model_of(name), config, low_cpu_mem_usage=False)
    except ValueError as error:
        if "target_modules" not in str(error):
            raise
        return None
    return sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and "modules_to_save" not in name
    )


def main() -> None:
    expected = {
        name: {
            "parameters": parameters(model_of(name)),
            "peft": {row: trained(name, config(task)) for row, config in METHODS.items()},
        }
        for name, (_, _, task) in MODELS.items()
    }
    FIXTURE.write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
