"""Small adapters that peft wrote, with what the adapted model computes, for test/fixtures/peft/.

Each case is a folder as `save_pretrained` leaves it (adapter_config.json, adapter_model.safetensors) and expected.safetensors:
the inputs, and the logits of the model with the adapter. Every number that the method trains is drawn anew first, so that
no product of them is zero. Base models are those of test/fixtures/models/. The arithmetic is float64 over the file's values.
"""
import json
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import peft
import torch
import transformers
from peft import (
    AdaLoraConfig,
    IA3Config,
    LNTuningConfig,
    LoraConfig,
    PeftConfig,
    PeftModel,
    PrefixTuningConfig,
    PromptEncoderConfig,
    PromptTuningConfig,
    ShiraConfig,
    VeraConfig,
    get_peft_model,
)
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, PreTrainedModel

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "test" / "fixtures"
MODELS = ("bert-classification", "roberta-classification")
ALL = ["query", "key", "value", "dense"]
# BERT's pooler is trained with the classifier above it, as an ordinary part of the head.
HEAD = {"bert-classification": ["pooler"]}
# Its weights are [in, out].
GPT2 = ("gpt2-classification",)
CONV1D = ["c_attn", "c_fc", "c_proj"]


def pruned(model: PeftModel) -> None:
    """Ranks 3, 1, 0, 2 of 4 kept in turn, as a finished budget leaves them."""
    kept = [[True, True, False, True], [False, True, False, False], [False] * 4, [True, False, False, True]]
    names = [name for name, _ in model.base_model.model.named_parameters() if ".lora_E." in name]
    pattern = {name: kept[i % len(kept)] for i, name in enumerate(names)}
    model.peft_config["default"].rank_pattern = pattern
    with torch.no_grad():
        for name, parameter in model.base_model.model.named_parameters():
            if name in pattern:
                parameter[~torch.tensor(pattern[name])] = 0


@dataclass
class Case:
    config: Callable[[], PeftConfig]
    models: tuple[str, ...] = MODELS
    changed: Callable[[PeftModel], None] = lambda model: None


def task(**options):
    return dict(task_type="SEQ_CLS", **options)


CASES = {
    "lora": Case(lambda: LoraConfig(**task(r=4, lora_alpha=6)), models=(*MODELS, *GPT2)),
    "lora-rslora": Case(
        lambda: LoraConfig(**task(r=3, lora_alpha=5, lora_dropout=0.1, use_rslora=True, target_modules=ALL))
    ),
    "lora-dora": Case(lambda: LoraConfig(**task(r=2, lora_alpha=4, use_dora=True, target_modules=["query", "output.dense"]))),
    "lora-pissa": Case(lambda: LoraConfig(**task(r=3, lora_alpha=2, init_lora_weights="pissa"))),
    "lora-patterns": Case(
        lambda: LoraConfig(
            **task(
                r=2,
                lora_alpha=4,
                target_modules=r".*\.layer\.\d\..*(query|value|intermediate\.dense)",
                exclude_modules=["layer.0.attention.self.value"],
                rank_pattern={"layer.1.attention.self.query": 5, "intermediate.dense": 1},
                alpha_pattern={"value": 9},
            )
        ),
        models=("roberta-classification",),
    ),
    "lora-bias": Case(
        lambda: LoraConfig(**task(r=2, lora_alpha=4, bias="all", layers_to_transform=[1])),
        models=("roberta-classification",),
    ),
    "adalora": Case(lambda: AdaLoraConfig(**task(init_r=4, target_r=2, lora_alpha=5, total_step=1, target_modules=["query", "value"]))),
    "adalora-pruned": Case(
        lambda: AdaLoraConfig(**task(init_r=4, target_r=2, lora_alpha=5, total_step=1, target_modules=ALL)),
        changed=pruned,
    ),
    "vera": Case(lambda: VeraConfig(**task(r=6, target_modules=["query", "dense"]))),
    "ia3": Case(lambda: IA3Config(**task())),
    "ln_tuning": Case(lambda: LNTuningConfig(**task(target_modules=["LayerNorm"]))),
    "shira": Case(lambda: ShiraConfig(**task(r=2))),
    "conv1d-lora-dora": Case(
        lambda: LoraConfig(**task(r=2, lora_alpha=4, use_dora=True, target_modules=CONV1D)), models=GPT2
    ),
    "conv1d-adalora": Case(
        lambda: AdaLoraConfig(**task(init_r=3, target_r=2, lora_alpha=5, total_step=1, target_modules=CONV1D)), models=GPT2
    ),
    "conv1d-vera": Case(lambda: VeraConfig(**task(r=6, target_modules=CONV1D)), models=GPT2),
    "conv1d-ia3": Case(lambda: IA3Config(**task()), models=GPT2),
    "prompt_tuning": Case(lambda: PromptTuningConfig(**task(num_virtual_tokens=3))),
    "p_tuning": Case(lambda: PromptEncoderConfig(**task(num_virtual_tokens=3, encoder_hidden_size=8))),
    "p_tuning-lstm": Case(
        lambda: PromptEncoderConfig(
            **task(num_virtual_tokens=2, encoder_hidden_size=6, encoder_reparameterization_type="LSTM", encoder_num_layers=1)
        ),
        models=("roberta-classification",),
    ),
    "prefix_tuning": Case(
        lambda: PrefixTuningConfig(**task(num_virtual_tokens=3)),
        models=(*MODELS, *GPT2, "gptj-classification", "bloom-classification"),
    ),
    "prefix_tuning-projection": Case(
        lambda: PrefixTuningConfig(**task(num_virtual_tokens=2, encoder_hidden_size=6, prefix_projection=True)),
        models=("bert-classification",),
    ),
}


def base_model(name: str) -> PreTrainedModel:
    model = AutoModelForSequenceClassification.from_pretrained(FIXTURES / "models" / name, attn_implementation="eager")
    return with_past(model.eval())


def with_past(model: PreTrainedModel) -> PreTrainedModel:
    """peft's prefix tuning looks for an argument `past_key_values`, which transformers 5 calls `cache`."""
    forward = model.forward

    def forward_with_past(*args, past_key_values=None, **kwargs):
        return forward(*args, **kwargs, **({} if past_key_values is None else {"cache": past_key_values}))

    model.forward = forward_with_past
    return model


def redraw(model: PeftModel, stream: torch.Generator) -> None:
    """0.3·N(0, 1) added to every trained number; VeRA's and IA3's factors among them."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=stream))


def inputs(name: str) -> dict[str, torch.Tensor]:
    expected = load_file(FIXTURES / "models" / name / "expected.safetensors")
    return {key: expected[key] for key in ("input_ids", "attention_mask", "token_type_ids") if key in expected}


def logits(model: PeftModel, name: str) -> torch.Tensor:
    with torch.no_grad():
        return model.double()(**inputs(name)).logits.float().contiguous()


def write_case(case: str, name: str) -> None:
    given = CASES[case]
    folder = FIXTURES / "peft" / case / name
    seed = zlib.crc32(f"{case} {name}".encode())
    stream = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    config = given.config()
    config.modules_to_save = HEAD.get(name)
    model = get_peft_model(base_model(name), config).eval()
    redraw(model, stream)
    given.changed(model)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    path = folder / "adapter_config.json"
    written = json.loads(path.read_text())
    written["base_model_name_or_path"] = name
    if isinstance(written.get("target_modules"), list):
        written["target_modules"].sort()
    if isinstance(written.get("feedforward_modules"), list):
        written["feedforward_modules"].sort()
    path.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")
    save_file(inputs(name) | {"logits": logits(model, name)}, folder / "expected.safetensors")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{case} {name}: {written['peft_type']}, {size} bytes")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    shutil.rmtree(FIXTURES / "peft", ignore_errors=True)
    for case, given in CASES.items():
        for name in given.models:
            write_case(case, name)
    notes = {"peft": peft.__version__, "transformers": transformers.__version__, "torch": torch.__version__.partition("+")[0]}
    (FIXTURES / "peft" / "versions.json").write_text(json.dumps(notes, indent=2) + "\n")
