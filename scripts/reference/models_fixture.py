"""Tiny random checkpoints of every architecture with what transformers computes from them, for test/fixtures/models/.

Each case is an ordinary model folder with two files more, which say what transformers makes of it: expected.safetensors
(inputs, logits, loss, last hidden state, the gradient of every parameter) and expected.json.
The weights are those of the file; the arithmetic is float64, so that a difference is the tested code's own rounding.
With the names of cases it writes those anew and leaves the others.
"""
import inspect
import json
import shutil
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers
from model_case import Case
from model_cases_decoders import CASES as DECODERS
from model_cases_encoder_decoders import CASES as ENCODER_DECODERS
from model_cases_encoders import CASES as ENCODERS
from model_cases_llama import CASES as LLAMAS
from safetensors.torch import load_file, save_file
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "models"
LENGTHS = (7, 5, 3)
TARGET_LENGTHS = (6, 4, 1)
IGNORED = -100
DECODER_TYPES = {case.model.config_class.model_type for case in (DECODERS | LLAMAS).values()}
CASES: dict[str, Case] = ENCODERS | ENCODER_DECODERS | DECODERS | LLAMAS


def stream(*names: str) -> np.random.Generator:
    """A stream of random numbers for each name, so that no case and no parameter changes another's."""
    return np.random.default_rng([zlib.crc32(name.encode()) for name in names])


def random_parameter(case: str, name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Far from the usual initialisation, where zero biases and unit norms would hide mistakes."""
    values = torch.from_numpy(stream(case, name).standard_normal(shape))
    if name.endswith("bias"):
        return values * 0.1
    if "norm" in name.lower() or ".ln_" in name:
        return 1 + values * 0.1
    return values * 0.2


@torch.no_grad()
def fill(model: PreTrainedModel, case: str) -> None:
    for name, parameter in model.named_parameters():
        parameter.copy_(random_parameter(case, name, tuple(parameter.shape)))


def write_checkpoint(name: str, case: Case, folder: Path) -> None:
    kind = case.saved or case.model
    model = kind(without_dropout(kind.config_class(**case.config))).eval()
    fill(model, name)
    model.to(case.dtype).save_pretrained(folder, max_shard_size=case.shard)
    if case.renamed or case.extra or case.untied:
        plain = load_file(folder / "model.safetensors")
        tensors = {as_in_file(key, case.renamed): value for key, value in plain.items()}
        tensors |= {key: random_parameter(name, key, shape).float() for key, shape in (case.extra | case.untied).items()}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def without_dropout(config: PreTrainedConfig) -> PreTrainedConfig:
    for name, value in config.to_dict().items():
        if "drop" in name and value:
            setattr(config, name, 0.0)
    return config


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
    assert all(name.startswith(("classifier.", "score.")) for name in missing), missing
    with torch.no_grad():
        for name in missing:
            parameter = model.get_parameter(name)
            parameter.copy_(random_parameter(case, name, tuple(parameter.shape)).float())
    padding = model.get_input_embeddings().weight[model.config.pad_token_id]
    assert padding.abs().min() > 0, "the padding row should not be zero, or reading it wrongly would not show"
    return model.eval(), missing


def inputs(case: str, model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """Three sequences of 7, 5 and 3 tokens in a random order, padded on the right unless the case says otherwise."""
    draw, config = stream(case, "inputs"), model.config
    lengths = draw.permutation(LENGTHS)
    words = [word for word in range(config.vocab_size) if word != config.pad_token_id]
    mask = (np.arange(max(LENGTHS)) < lengths[:, None]).astype(np.int64)
    if CASES[case].padding == "left":
        mask = mask[:, ::-1].copy()
    ids = np.where(mask, draw.choice(words, mask.shape), config.pad_token_id)
    if CASES[case].padding_inside:
        ids[:, 1] = config.pad_token_id
    if config.is_encoder_decoder and not is_generation(model):
        add_ends(ids, lengths, config)
    batch = {"input_ids": ids, "attention_mask": mask}
    if getattr(config, "type_vocab_size", 1) > 1:
        batch["token_type_ids"] = mask * draw.integers(0, config.type_vocab_size, mask.shape)
        assert set(batch["token_type_ids"].flat) == set(range(config.type_vocab_size))
    if is_causal(model):
        batch["labels"] = np.where(np.cumsum(mask, 1) * mask > 1, ids, IGNORED)
    else:
        batch |= answers(draw, lengths) if is_span(model) else {"labels": labels(draw, model, lengths)}
    tensors = {name: torch.from_numpy(value) for name, value in batch.items()}
    if is_generation(model):
        tensors["decoder_input_ids"] = model.prepare_decoder_input_ids_from_labels(tensors["labels"])
        if CASES[case].target_mask:
            tensors["decoder_attention_mask"] = (tensors["labels"] != IGNORED).long()
    return tensors


def add_ends(ids: np.ndarray, lengths: np.ndarray, config: PreTrainedConfig) -> None:
    """Two tokens that end a text in each, as in a pair, and no other."""
    ids[ids == config.eos_token_id] = config.bos_token_id
    ids[:, 1] = config.eos_token_id
    ids[np.arange(len(lengths)), lengths - 1] = config.eos_token_id


def labels(draw: np.random.Generator, model: PreTrainedModel, lengths: np.ndarray) -> np.ndarray:
    if "MaskedLM" in type(model).__name__:
        values = np.full((len(lengths), max(LENGTHS)), IGNORED)
        for row, length in enumerate(lengths):
            values[row, draw.choice(length, 2, replace=False)] = draw.integers(0, model.config.vocab_size, 2)
        return values
    if is_generation(model):
        words = [word for word in range(model.config.vocab_size) if word != model.config.pad_token_id]
        targets = draw.choice(words, (len(lengths), max(TARGET_LENGTHS)))
        return np.where(np.arange(max(TARGET_LENGTHS)) < draw.permutation(TARGET_LENGTHS)[:, None], targets, IGNORED)
    if model.config.num_labels == 1:
        return draw.standard_normal(len(lengths)).astype(np.float32).astype(np.float64)
    return draw.permutation(max(model.config.num_labels, len(lengths)))[: len(lengths)] % model.config.num_labels


def is_span(model: PreTrainedModel) -> bool:
    return "QuestionAnswering" in type(model).__name__


def is_generation(model: PreTrainedModel) -> bool:
    return "ConditionalGeneration" in type(model).__name__


def is_causal(model: PreTrainedModel) -> bool:
    return type(model).__name__.endswith(("CausalLM", "LMHeadModel"))


def answers(draw: np.random.Generator, lengths: np.ndarray) -> dict[str, np.ndarray]:
    """Where each answer begins and ends: one begins behind what the model reads, and one ends before it."""
    starts = draw.integers(0, lengths)
    ends = draw.integers(starts, lengths)
    starts[1], ends[2] = max(LENGTHS) + 2, -1
    return {"start_positions": starts, "end_positions": ends}


def expectations(model: PreTrainedModel, batch: dict[str, torch.Tensor], missing: list[str]) -> dict[str, torch.Tensor]:
    output = model(**batch, **positions(model, batch["attention_mask"]), output_hidden_states=True)
    output.loss.backward()
    logits = torch.stack((output.start_logits, output.end_logits), -1) if is_span(model) else output.logits
    computed = {"logits": logits, "loss": output.loss, "last_hidden_state": last_hidden_state(output)}
    computed |= {f"parameter.{name}": model.get_parameter(name) for name in missing}
    tied = model.all_tied_weights_keys
    computed |= {f"grad.{tied.get(name, name)}": parameter.grad for name, parameter in model.named_parameters()}
    return {
        name: value.detach().float().contiguous() if value.is_floating_point() else value
        for name, value in (batch | computed).items()
    }


def positions(model: PreTrainedModel, mask: torch.Tensor) -> dict[str, torch.Tensor]:
    """A decoder's positions counted by the mask, which transformers leaves to `generate`."""
    takes_positions = "position_ids" in inspect.signature(model.forward).parameters
    return {"position_ids": (mask.cumsum(1) - 1) * mask} if takes_positions and is_decoder(model) else {}


def is_decoder(model: PreTrainedModel) -> bool:
    return model.config.model_type in DECODER_TYPES


def last_hidden_state(output: ModelOutput) -> torch.Tensor:
    return (output.hidden_states if "hidden_states" in output else output.decoder_hidden_states)[-1]


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
            key
            for key, _ in model.named_parameters()
            if key.endswith(("attention.self.key.bias", "attention.k_lin.bias", "k_proj.bias")) and not is_decoder(model)
        ],
    }
    (folder / "expected.json").write_text(json.dumps(notes, indent=2) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}: {notes['parameters']} parameters, loss {expected['loss'].item():.6f}, {size} bytes")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    chosen = sys.argv[1:]
    for folder in [FIXTURES / name for name in chosen] or [FIXTURES]:
        shutil.rmtree(folder, ignore_errors=True)
    for name in chosen or CASES:
        write_case(name)
