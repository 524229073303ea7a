"""Twenty steps of PyTorch training on fixed batches, for test/fixtures/training/.

Starts from the classification checkpoints that models_fixture.py wrote. Rows and columns are trained the plain way: the
whole weight requires a gradient and a hook zeroes the entries that stay; nothing here knows how to do it cheaply.
The arithmetic is float64. `float32_deviation` in each file says how far PyTorch itself is from that in float32.
"""
import json
import math
import shutil
import sys
import zlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedModel,
    Trainer,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures"
MODELS = ("bert-classification", "roberta-classification", "deberta-v2-classification")
STEPS, WARMUP, RANK = 20, 5, 3
BATCH, SHORTEST, LONGEST = 4, 3, 9
SCHEDULES = {"cosine": get_cosine_schedule_with_warmup, "linear": get_linear_schedule_with_warmup}

Masks = dict[str, torch.Tensor]
Batch = dict[str, torch.Tensor]
Values = dict[str, torch.Tensor]


@dataclass
class Case:
    method: str
    train_bias: bool = False
    weight_decay: float = 0.0
    lr_scheduler_type: str = "cosine"
    max_grad_norm: float | None = None
    gradient_accumulation_steps: int = 1
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8


CASES = {
    "rows": Case("rows"),
    "columns": Case("columns"),
    "both": Case("both"),
    "rows-bias": Case("rows", train_bias=True),
    "rows-decay": Case("rows", weight_decay=0.01),
    "rows-accumulated": Case("rows", lr_scheduler_type="linear", max_grad_norm=0.5, gradient_accumulation_steps=2),
    "bitfit": Case("bitfit"),
    "ln_tuning": Case("ln_tuning", weight_decay=0.01),
    "full": Case("full"),
    "full-decay": Case("full", weight_decay=0.01),
}


def is_head(name: str) -> bool:
    return name.startswith(("classifier.", "pooler.")) or ".pooler." in name


def batches(name: str, config: transformers.PreTrainedConfig) -> list[Batch]:
    """As many batches as the longest case takes; each is padded on the right to its own longest row."""
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    words = [word for word in range(config.vocab_size) if word != config.pad_token_id]
    made = []
    for _ in range(STEPS * max(case.gradient_accumulation_steps for case in CASES.values())):
        lengths = draw.integers(SHORTEST, LONGEST + 1, BATCH)
        mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
        ids = np.where(mask, draw.choice(words, mask.shape), config.pad_token_id)
        batch = {"input_ids": ids, "attention_mask": mask}
        if config.type_vocab_size > 1:
            batch["token_type_ids"] = mask * draw.integers(0, config.type_vocab_size, mask.shape)
        batch["labels"] = draw.integers(0, config.num_labels, BATCH)
        made.append({key: torch.from_numpy(value) for key, value in batch.items()})
    return made


def trained(model: PreTrainedModel, case: Case) -> Masks:
    """For each parameter that is trained, ones where it is trained and zeros where it stays."""
    everything = {name: torch.ones_like(parameter) for name, parameter in model.named_parameters()}
    if case.method == "full":
        return everything
    masks = {name: ones for name, ones in everything.items() if is_head(name)}
    if case.method == "bitfit":
        return masks | {name: ones for name, ones in everything.items() if name.endswith(".bias")}
    if case.method == "ln_tuning":
        return masks | {name: ones for name, ones in everything.items() if "LayerNorm" in name}
    for name, module in model.named_modules():
        if ".encoder.layer." in name and isinstance(module, torch.nn.Linear):
            masks[f"{name}.weight"] = mask = torch.zeros_like(module.weight)
            if case.method in ("rows", "both"):
                mask[:RANK] = 1
            if case.method in ("columns", "both"):
                mask[:, :RANK] = 1
            if case.train_bias:
                masks[f"{name}.bias"] = torch.ones_like(module.bias)
    return masks


def decayed(model: PreTrainedModel) -> set[str]:
    """Where transformers' Trainer puts weight decay: on everything but biases and norms."""
    return set(Trainer.get_decay_parameter_names(None, model))


def optimizer_for(model: PreTrainedModel, masks: Masks, case: Case) -> torch.optim.AdamW:
    decay, rest = set(masks) & decayed(model), set(masks) - decayed(model)
    groups = [
        {"params": [model.get_parameter(name) for name in sorted(decay)], "weight_decay": case.weight_decay},
        {"params": [model.get_parameter(name) for name in sorted(rest)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=case.learning_rate, betas=case.betas, eps=case.eps, foreach=False)


def classifier(folder: Path, dtype: torch.dtype) -> PreTrainedModel:
    return AutoModelForSequenceClassification.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()


def own_loss(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    return model(**batch).loss


def train(
    model: PreTrainedModel,
    data: list[Batch],
    case: Case,
    loss_of: Callable[[PreTrainedModel, Batch], torch.Tensor] = own_loss,
) -> tuple[PreTrainedModel, Masks, dict]:
    """The trained model, what of it was trained, and the curves. A step's loss is the mean of its micro-batches'."""
    masks = trained(model, case)
    initial = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for name, parameter in model.named_parameters():
        if name in masks:
            parameter.register_hook(lambda gradient, mask=masks[name]: gradient * mask)
        else:
            parameter.requires_grad_(False)
    optimizer = optimizer_for(model, masks, case)
    scheduler = SCHEDULES[case.lr_scheduler_type](optimizer, WARMUP, STEPS)
    curve = {"losses": [], "learning_rates": [], "gradient_norms": []}
    for step in range(STEPS):
        first = step * case.gradient_accumulation_steps
        micro_batches = data[first : first + case.gradient_accumulation_steps]
        loss = torch.stack([loss_of(model, batch) for batch in micro_batches]).mean()
        loss.backward()
        parameters = [model.get_parameter(name) for name in masks]
        norm = torch.nn.utils.clip_grad_norm_(parameters, case.max_grad_norm or math.inf)
        curve["losses"].append(loss.item())
        curve["learning_rates"].append(scheduler.get_last_lr()[0])
        curve["gradient_norms"].append(norm.item())
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad()
        restore(model, masks, initial)
    with torch.no_grad():
        curve["last_loss"] = loss_of(model, data[0]).item()
    return model, masks, curve


@torch.no_grad()
def restore(model: PreTrainedModel, masks: Masks, initial: Values) -> None:
    """Takes back the decay of the entries that stay, which AdamW applies whatever the gradient is."""
    for name, mask in masks.items():
        parameter = model.get_parameter(name)
        parameter.copy_(torch.where(mask == 1, parameter, initial[name]))


def values(model: PreTrainedModel, masks: Masks, case: Case) -> Values:
    """What was trained, by parameter name; of a weight trained in part, its rows and its columns."""
    kept = {}
    for name, mask in masks.items():
        value = model.get_parameter(name).detach()
        if mask.all():
            kept[name] = value
        if not mask.all() and case.method in ("rows", "both"):
            kept[f"{name}.rows"] = value[:RANK]
        if not mask.all() and case.method in ("columns", "both"):
            kept[f"{name}.columns"] = value[:, :RANK]
    return {name: value.contiguous() for name, value in kept.items()}


def rounded_up(value: float) -> float:
    """One significant digit, upwards: the last digits of a rounding error differ between machines."""
    unit = 10 ** math.floor(math.log10(value))
    return float(f"{math.ceil(value / unit) * unit:.0e}")


def deviation(losses: list[float], losses32: list[float], final: Values, final32: Values) -> dict[str, float]:
    relative = max(abs(a - b) / a for a, b in zip(losses, losses32))
    compared = set(final) - set(noise(final))
    absolute = max((final[name] - final32[name].double()).abs().max().item() for name in compared)
    return {"losses_relative": rounded_up(relative), "values_absolute": rounded_up(absolute)}


def noise(names: Iterable[str]) -> list[str]:
    """Softmax does not see the bias of the keys: its gradient is zero but for rounding, which Adam then scales up."""
    return [name for name in names if name.endswith(("attention.self.key.bias", "attention.self.key.bias.diff"))]


def write_case(name: str, data: list[Batch], kind: str) -> None:
    case, source, folder = CASES[kind], FIXTURES / "models" / name, FIXTURES / "training" / name
    write_curve(folder, name, kind, case, lambda dtype: train(classifier(source, dtype), data, case))


def write_curve(
    folder: Path,
    name: str,
    kind: str,
    case: Case,
    trained_in: Callable[[torch.dtype], tuple[PreTrainedModel, Masks, dict]],
) -> None:
    model, masks, curve = trained_in(torch.float64)
    model32, _, curve32 = trained_in(torch.float32)
    final, final32 = values(model, masks, case), values(model32, masks, case)
    notes = {
        "transformers": transformers.__version__,
        "torch": torch.__version__.partition("+")[0],
        "model": name,
        "rank": RANK,
        "steps": STEPS,
        "warmup_steps": WARMUP,
        **asdict(case),
        "trained": int(sum(mask.sum().item() for mask in masks.values())),
        "decayed": sorted(set(masks) & decayed(model)) if case.weight_decay else [],
        "zero_gradient": noise(final),
        "float32_deviation": deviation(curve["losses"], curve32["losses"], final, final32),
        **curve,
    }
    save_file({key: value.float() for key, value in final.items()}, folder / f"{kind}.safetensors")
    (folder / f"{kind}.json").write_text(json.dumps(notes, indent=2) + "\n")
    norms = f"norms {min(curve['gradient_norms']):.2f} to {max(curve['gradient_norms']):.2f}"
    print(f"{name} {kind}: {notes['trained']} trained, {norms}, float32 off by {notes['float32_deviation']}")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    chosen = sys.argv[1:]
    for folder in [FIXTURES / "training" / name for name in chosen] or [FIXTURES / "training"]:
        shutil.rmtree(folder, ignore_errors=True)
    for name in chosen or MODELS:
        folder = FIXTURES / "training" / name
        folder.mkdir(parents=True)
        data = batches(name, transformers.AutoConfig.from_pretrained(FIXTURES / "models" / name))
        tensors = {f"{i}.{key}": value for i, batch in enumerate(data) for key, value in batch.items()}
        save_file(tensors, folder / "batches.safetensors")
        for kind in CASES:
            write_case(name, data, kind)
