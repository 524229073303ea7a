"""Tiny random BERT and RoBERTa checkpoints with what transformers computes from them, for test/fixtures/models/.

Each case is an ordinary model folder with two files more, which say what transformers makes of it: expected.safetensors
(inputs, logits, loss, last hidden state, the gradient of every parameter) and expected.json.
The weights are those of the file; the arithmetic is float64, so that a difference is the tested code's own rounding.
"""
import json
import shutil
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForSequenceClassification,
)

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "models"
LENGTHS = (7, 5, 3)
IGNORED = -100


@dataclass
class Case:
    model: type[PreTrainedModel]
    config: dict
    saved: type[PreTrainedModel] | None = None  # the class whose checkpoint is written, where it is not `model`
    dtype: torch.dtype = torch.float32
    shard: str = "1GB"
    renamed: dict[str, str] = field(default_factory=dict)  # parts of tensor names as the file has them
    extra: dict[str, tuple[int, ...]] = field(default_factory=dict)  # tensors in the file that the model has no use for


SMALL = dict(hidden_size=16, num_hidden_layers=2, intermediate_size=28)
WIDER = dict(hidden_size=24, num_hidden_layers=2, intermediate_size=40)
SQUAT = dict(hidden_size=32, num_hidden_layers=2, intermediate_size=20)
BERT = dict(SMALL, vocab_size=41, num_attention_heads=2, max_position_embeddings=11)
ROBERTA = dict(SMALL, vocab_size=43, num_attention_heads=4, max_position_embeddings=12, type_vocab_size=1)
DISTILBERT = dict(vocab_size=45, dim=16, n_layers=2, n_heads=4, hidden_dim=28, max_position_embeddings=12)
NO_DROPOUT = {
    DistilBertConfig: dict(dropout=0.0, attention_dropout=0.0, seq_classif_dropout=0.0),
    BertConfig: dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0),
    RobertaConfig: dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0),
}

CASES = {
    "bert-classification": Case(BertForSequenceClassification, dict(BERT, num_labels=3)),
    "roberta-classification": Case(RobertaForSequenceClassification, dict(ROBERTA, num_labels=2)),
    "bert-regression": Case(BertForSequenceClassification, dict(BERT, num_labels=1, problem_type="regression")),
    "bert-mlm": Case(BertForMaskedLM, dict(BERT, vocab_size=47)),
    "roberta-mlm": Case(RobertaForMaskedLM, dict(ROBERTA, vocab_size=53)),
    # Positions run from pad_token_id + 1, so 13 is the least that 7 tokens fit in.
    "roberta-relu": Case(
        RobertaForSequenceClassification,
        dict(
            ROBERTA | WIDER,
            num_attention_heads=3,
            hidden_act="relu",
            pad_token_id=5,
            max_position_embeddings=13,
            type_vocab_size=2,
            num_labels=2,
        ),
    ),
    "bert-gelu-new": Case(
        BertForSequenceClassification,
        dict(
            BERT | WIDER,
            num_attention_heads=4,
            hidden_act="gelu_new",
            type_vocab_size=3,
            layer_norm_eps=1e-5,
            num_labels=5,
        ),
    ),
    "bert-silu": Case(
        BertForSequenceClassification, dict(BERT | SQUAT, num_attention_heads=4, hidden_act="silu", num_labels=2)
    ),
    "distilbert-classification": Case(DistilBertForSequenceClassification, dict(DISTILBERT, num_labels=3)),
    "distilbert-mlm": Case(
        DistilBertForMaskedLM, dict(DISTILBERT, dim=24, n_heads=3, n_layers=1, activation="relu", vocab_size=37)
    ),
    "roberta-float16": Case(RobertaForSequenceClassification, dict(ROBERTA, num_labels=2), dtype=torch.float16),
    "bert-bfloat16": Case(BertForSequenceClassification, dict(BERT, num_labels=3), dtype=torch.bfloat16),
    "bert-sharded": Case(BertForSequenceClassification, dict(BERT, num_labels=2), shard="8KB"),
    "bert-headless": Case(BertForSequenceClassification, dict(BERT, num_labels=2), saved=BertModel),
    # As the oldest BERT checkpoints are: norms named gamma and beta, and a next-sentence head that nothing here uses.
    "bert-legacy-names": Case(
        BertForMaskedLM,
        dict(BERT, vocab_size=47),
        renamed={"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"},
        extra={"cls.seq_relationship.weight": (2, 16), "cls.seq_relationship.bias": (2,)},
    ),
}


def stream(*names: str) -> np.random.Generator:
    """A stream of random numbers for each name, so that no case and no parameter changes another's."""
    return np.random.default_rng([zlib.crc32(name.encode()) for name in names])


def random_parameter(case: str, name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Far from the usual initialisation, where zero biases and unit norms would hide mistakes."""
    values = torch.from_numpy(stream(case, name).standard_normal(shape))
    if name.endswith("bias"):
        return values * 0.1
    if "norm" in name.lower():
        return 1 + values * 0.1
    return values * 0.2


@torch.no_grad()
def fill(model: PreTrainedModel, case: str) -> None:
    for name, parameter in model.named_parameters():
        parameter.copy_(random_parameter(case, name, tuple(parameter.shape)))


def write_checkpoint(name: str, case: Case, folder: Path) -> None:
    kind = case.saved or case.model
    config = kind.config_class(**case.config, **NO_DROPOUT[kind.config_class])
    model = kind(config).eval()
    fill(model, name)
    model.to(case.dtype).save_pretrained(folder, max_shard_size=case.shard)
    if case.renamed or case.extra:
        plain = load_file(folder / "model.safetensors")
        tensors = {as_in_file(key, case.renamed): value for key, value in plain.items()}
        tensors |= {key: random_parameter(name, key, shape).float() for key, shape in case.extra.items()}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def as_in_file(name: str, renamed: dict[str, str]) -> str:
    for part, written in renamed.items():
        name = name.replace(part, written)
    return name


def read_checkpoint(case: str, kind: type[PreTrainedModel], folder: Path) -> tuple[PreTrainedModel, list[str]]:
    """The model in float64, and the parameters that the checkpoint lacks, which are filled like the others."""
    model, info = kind.from_pretrained(
        folder, dtype=torch.float64, attn_implementation="eager", output_loading_info=True
    )
    assert not info["mismatched_keys"], info
    missing = sorted(info["missing_keys"])
    assert all(name.startswith("classifier.") for name in missing), missing
    with torch.no_grad():
        for name in missing:
            parameter = model.get_parameter(name)
            parameter.copy_(random_parameter(case, name, tuple(parameter.shape)).float())
    padding = model.get_input_embeddings().weight[model.config.pad_token_id]
    assert padding.abs().min() > 0, "the padding row should not be zero, or reading it wrongly would not show"
    return model.eval(), missing


def inputs(case: str, model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Three sequences of 7, 5 and 3 tokens in a random order, padded on the right."""
    draw, config = stream(case, "inputs"), model.config
    lengths = draw.permutation(LENGTHS)
    words = [word for word in range(config.vocab_size) if word != config.pad_token_id]
    mask = (np.arange(max(LENGTHS)) < lengths[:, None]).astype(np.int64)
    ids = np.where(mask, draw.choice(words, mask.shape), config.pad_token_id)
    batch = {"input_ids": ids, "attention_mask": mask}
    if getattr(config, "type_vocab_size", 1) > 1:
        batch["token_type_ids"] = mask * draw.integers(0, config.type_vocab_size, mask.shape)
        assert set(batch["token_type_ids"].flat) == set(range(config.type_vocab_size))
    batch["labels"] = labels(draw, model, lengths)
    return {name: torch.from_numpy(value) for name, value in batch.items()}


def labels(draw: np.random.Generator, model: PreTrainedModel, lengths: np.ndarray) -> np.ndarray:
    if "MaskedLM" in type(model).__name__:
        values = np.full((len(lengths), max(LENGTHS)), IGNORED)
        for row, length in enumerate(lengths):
            values[row, draw.choice(length, 2, replace=False)] = draw.integers(0, model.config.vocab_size, 2)
        return values
    if model.config.num_labels == 1:
        return draw.standard_normal(len(lengths)).astype(np.float32).astype(np.float64)
    return draw.permutation(max(model.config.num_labels, len(lengths)))[: len(lengths)] % model.config.num_labels


def expectations(model: PreTrainedModel, batch: dict[str, torch.Tensor], missing: list[str]) -> dict[str, torch.Tensor]:
    output = model(**batch, output_hidden_states=True)
    output.loss.backward()
    computed = {"logits": output.logits, "loss": output.loss, "last_hidden_state": output.hidden_states[-1]}
    computed |= {f"parameter.{name}": model.get_parameter(name) for name in missing}
    computed |= {f"grad.{name}": parameter.grad for name, parameter in model.named_parameters()}
    return {
        name: value.detach().float().contiguous() if value.is_floating_point() else value
        for name, value in (batch | computed).items()
    }


def write_case(name: str) -> None:
    case, folder = CASES[name], FIXTURES / name
    write_checkpoint(name, case, folder)
    model, missing = read_checkpoint(name, case.model, folder)
    expected = expectations(model, inputs(name, model), missing)
    save_file(expected, folder / "expected.safetensors")
    notes = {
        "transformers": transformers.__version__,
        "torch": torch.__version__.partition("+")[0],
        "class": case.model.__name__,
        "attention": "eager",
        "arithmetic": "float64 over the checkpoint's own values, rounded to float32",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "missing": missing,
        "unused": sorted(case.extra),
        "tied": dict(sorted(model._tied_weights_keys.items())) if "MaskedLM" in case.model.__name__ else {},
        "zero_gradient": [
            key for key, _ in model.named_parameters() if key.endswith(("attention.self.key.bias", "attention.k_lin.bias"))
        ],
    }
    (folder / "expected.json").write_text(json.dumps(notes, indent=2) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {notes['parameters']} parameters, loss {expected['loss'].item():.6f}, {size} bytes")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    shutil.rmtree(FIXTURES, ignore_errors=True)
    for name in CASES:
        write_case(name)
