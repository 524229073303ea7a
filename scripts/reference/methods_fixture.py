"""Twenty steps of PyTorch training by every fine-tuning method, for test/fixtures/methods/.

The models, the batches and the schedule are those of training_fixture.py. A method is peft's module where peft has one
that runs on these models, else a few lines of PyTorch in methods_by_hand.py or methods_in_place.py. What a method adds
begins away from where it would, so that no gradient is zero. The arithmetic is float64, as there. Cases named on the
command line are written alone.
"""
import json
import re
import shutil
import sys
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import peft
import torch
import transformers
from methods_by_hand import BY_HAND
from methods_reference import Reference, by_peft, own_name
from safetensors.torch import save_file
from training_fixture import FIXTURES, MODELS, SCHEDULES, STEPS, WARMUP, Batch, Values, batches, deviation, noise
from transformers import AutoConfig, AutoModelForSequenceClassification, Trainer
from uniform import drawn_dropout

BERT, ROBERTA, DEBERTA = MODELS[:1], MODELS[1:2], MODELS[2:]
LINEARS = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
DEBERTA_ATTENTION = ["query_proj", "key_proj", "value_proj"]
ATTENTION, ENDS = ["query", "value"], ["attention.output.dense", "output.dense"]
BEGINNINGS = ["key", "intermediate.dense"]
SMALL = {"rank": 2, "lora_alpha": 4}
BUDGET = {"init_r": 4, "target_r": 2, "tinit": 3, "tfinal": 5, "deltaT": 2, "orth_reg_weight": 0.1}
ENTRIES = {"update": "entries", "rank": 1}
RESELECTION = {
    "density": 0.04,
    "reselection_steps": 6,
    "selection_accumulation_steps": 2,
    "reselection_rate": 0.5,
    "target_modules": ATTENTION + ENDS,
}
LSTM = {"encoder_reparameterization_type": "LSTM", "encoder_hidden_size": 3, "encoder_num_layers": 2}
NETWORK = {"prefix_projection": True, "encoder_hidden_size": 5}
DROPOUT = {"hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.2}


@dataclass
class Case:
    method: str
    # Under our names, which are peft's but for `rank`.
    options: dict = field(default_factory=dict)
    learning_rate: float = 5e-3
    weight_decay: float = 0.0
    # The base model's dropout.
    dropout: dict[str, float] = field(default_factory=dict)
    # Of each sequence this many tokens, where tokens of the method's own need positions too.
    tokens: int | None = None
    models: tuple[str, ...] = BERT + ROBERTA


# Variants of a method are on one of the models.
CASES = {
    "lora": Case("lora", {"rank": 8, "lora_alpha": 16}),
    "lora-decay": Case("lora", {**SMALL, "layers_to_transform": [1]}, weight_decay=0.5, models=BERT),
    "lora-dropout": Case("lora", {**SMALL, "lora_dropout": 0.3}, models=ROBERTA),
    "lora-base-dropout": Case("lora", {**SMALL, "lora_dropout": 0.3}, dropout=DROPOUT),
    # The dropout of LoRA itself would be drawn for each bucket of distances, and here is for each distance.
    "lora-disentangled": Case("lora", {**SMALL, "target_modules": DEBERTA_ATTENTION}, dropout=DROPOUT, models=DEBERTA),
    "lora-plus": Case("lora", {**SMALL, "loraplus_lr_ratio": 4.0}, models=BERT),
    "rslora": Case("lora", {"rank": 3, "lora_alpha": 4, "use_rslora": True, "target_modules": LINEARS}, models=ROBERTA),
    "dora": Case("lora", {**SMALL, "use_dora": True, "target_modules": ["query", "output.dense"]}),
    "dora-dropout": Case("lora", {**SMALL, "use_dora": True, "lora_dropout": 0.3}, models=BERT),
    "pissa": Case("lora", {**SMALL, "init_lora_weights": "pissa"}),
    "adalora": Case("adalora", {**BUDGET, "lora_dropout": 0.2, "target_modules": ATTENTION}),
    "lora_xs": Case("lora_xs", {"rank": 4, "lora_alpha": 8, "lora_dropout": 0.2, "target_modules": ATTENTION + ENDS}),
    "vera": Case("vera", {"rank": 5, "vera_dropout": 0.2, "target_modules": ["query", "intermediate.dense"]}),
    "ia3": Case("ia3", {"target_modules": ["key", "value", "output.dense"], "feedforward_modules": ["output.dense"]}),
    "shira": Case("shira", {"rank": 1}),
    "rocoft-rows": Case("rocoft", {"update": "row", "rank": 2, "select": "largest", "target_modules": BEGINNINGS}),
    "rocoft-columns": Case("rocoft", {"update": "column", "rank": 3, "select": "mixed", "target_modules": ENDS}),
    "rocoft-entries": Case("rocoft", {**ENTRIES, "select": "random", "target_modules": ATTENTION}),
    "rocoft-smallest": Case("rocoft", {**ENTRIES, "select": "smallest", "target_modules": ENDS}, models=BERT),
    "fish_mask": Case("fish_mask", {"density": 0.02, "head_in_budget": False}),
    "diff_pruning": Case("diff_pruning", {"density": 0.1, "sparsity_penalty": 1e-4}, models=BERT),
    "sft": Case("sft", RESELECTION),
    "sft-cosine": Case("sft", {**RESELECTION, "reselection_rate_policy": "cosine"}, models=ROBERTA),
    "prompt_tuning": Case("prompt_tuning", {"num_virtual_tokens": 3}, tokens=7),
    "p_tuning-mlp": Case("p_tuning", {"num_virtual_tokens": 3, "encoder_hidden_size": 6}, tokens=7),
    "p_tuning-lstm": Case("p_tuning", {"num_virtual_tokens": 3, **LSTM}, tokens=7, models=BERT),
    "prefix_tuning": Case("prefix_tuning", {"num_virtual_tokens": 3}, tokens=7),
    "prefix_tuning-network": Case("prefix_tuning", {"num_virtual_tokens": 2, **NETWORK}, tokens=7, models=ROBERTA),
    "houlsby": Case("houlsby", {"bottleneck_size": 4}),
    "pfeiffer": Case("pfeiffer", {"reduction_factor": 3}),
    "parallel_adapter": Case("parallel_adapter", {"bottleneck_size": 3, "scaling": 4}),
    "parallel_adapter-learned": Case("parallel_adapter", {"scaling": "learned"}, models=BERT),
    "mam": Case("mam", {"num_virtual_tokens": 3, "bottleneck_size": 4, "scaling": 2}),
}


def build(folder: Path, kind: str, case: Case, data: list[Batch]) -> Reference:
    seed = zlib.crc32(f"{folder.name} {kind}".encode())
    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", **case.dropout
    )
    reference = BY_HAND.get(case.method, by_peft)(case.method, model.eval(), case.options, data)
    move(reference, torch.Generator().manual_seed(seed))
    return reference


@torch.no_grad()
def move(reference: Reference, generator: torch.Generator) -> None:
    """Away from where the method begins; the head and the entries of weights stay as the checkpoint has them."""
    for name, trained in reference.trained.items():
        if trained.moved:
            change = 0.05 * torch.randn(trained.parameter.shape, generator=generator)
            trained.parameter.add_(change)


def optimizer_for(reference: Reference, case: Case) -> torch.optim.AdamW:
    decay = {own_name(name) for name in Trainer.get_decay_parameter_names(None, reference.model)}
    groups = [
        {
            "params": [trained.parameter],
            "lr": trained.constant_learning_rate or case.learning_rate * trained.learning_rate_ratio,
            "weight_decay": case.weight_decay if name in decay else 0.0,
        }
        for name, trained in reference.trained.items()
    ]
    return torch.optim.AdamW(groups, foreach=False)


def dropout_site(module: str) -> str:
    """The name under which our library drops numbers where a module of the reference does."""
    name = own_name(module)
    sites = {
        "dropout": "classifier input",
        "classifier.dropout": "classifier.dense input",
        "classifier.dropout 2": "classifier.out_proj input",
    }
    return sites.get(name) or re.sub(r"\.(lora|vera)_dropout\b", ".adapter", name.removesuffix(".dropout"))


@dataclass
class Run:
    """What a training began with, its first gradients, where it ended, and its curves."""

    initial: Values
    gradient: Values
    final: Values
    entries: Values
    # Where those of them stand in the end that have moved.
    final_entries: Values
    curve: dict[str, list[float]]
    trained: int


def train(reference: Reference, data: list[Batch], case: Case, dtype: torch.dtype) -> Run:
    model, trained = reference.model.to(dtype).train(), reference.trained
    optimizer = optimizer_for(reference, case)
    scheduler = SCHEDULES["cosine"](optimizer, WARMUP, STEPS)
    curve = {"losses": [], "learning_rates": [], "gradient_norms": []}
    begins = {name: tensor.value().clone() for name, tensor in trained.items() if tensor.moved}
    initial, gradient = {**begins, **reference.frozen}, {}
    entries = entries_of(reference)
    for step, batch in enumerate(data[:STEPS]):
        with drawn_dropout(model, dropout_site, step):
            loss = reference.loss(batch, step)
        loss.backward()
        if step == 0:
            gradient = {name: tensor.of(tensor.parameter.grad).clone() for name, tensor in trained.items()}
        norm = torch.nn.utils.get_total_norm([tensor.parameter.grad for tensor in trained.values()])
        curve["losses"].append(loss.item())
        curve["learning_rates"].append(case.learning_rate * scheduler.lr_lambdas[0](step))
        curve["gradient_norms"].append(norm.item())
        for group, tensor in zip(optimizer.param_groups, trained.values()):
            group["lr"] = tensor.constant_learning_rate or group["lr"]
        optimizer.step()
        scheduler.step()
        reference.after_step(step + 1, optimizer)
        optimizer.zero_grad()
    final = {name: tensor.value() for name, tensor in trained.items()}
    moved = {name: now for name, now in entries_of(reference).items() if not torch.equal(now, entries[name])}
    return Run(initial, gradient, final, entries, moved, curve, sum(value.numel() for value in final.values()))


def entries_of(reference: Reference) -> Values:
    return {name: tensor.entries.int() for name, tensor in reference.trained.items() if tensor.entries is not None}


def cut(batch: Batch, tokens: int | None) -> Batch:
    return {name: values if name == "labels" else values[:, :tokens] for name, values in batch.items()}


def write_case(name: str, data: list[Batch], kind: str) -> None:
    case, source, folder = CASES[kind], FIXTURES / "models" / name, FIXTURES / "methods" / name
    data = [cut(batch, case.tokens) for batch in data]
    run, run32 = (train(build(source, kind, case, data), data, case, dtype) for dtype in (torch.float64, torch.float32))
    notes = {
        "transformers": transformers.__version__,
        "peft": peft.__version__,
        "torch": torch.__version__.partition("+")[0],
        "model": name,
        "steps": STEPS,
        "warmup_steps": WARMUP,
        **{name: value for name, value in asdict(case).items() if name != "models"},
        "trained": run.trained,
        "zero_gradient": noise(run.final),
        "float32_deviation": deviation(run.curve["losses"], run32.curve["losses"], run.final, run32.final),
        **run.curve,
    }
    kept = {"initial": run.initial, "gradient": run.gradient, "final": run.final}
    tensors = {f"{part}.{key}": value.float() for part, values in kept.items() for key, value in values.items()}
    tensors |= {f"entries.{key}": value for key, value in run.entries.items()}
    tensors |= {f"final_entries.{key}": value for key, value in run.final_entries.items()}
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / f"{kind}.safetensors")
    (folder / f"{kind}.json").write_text(json.dumps(notes, indent=1) + "\n")
    norms = f"norms {min(run.curve['gradient_norms']):.2f} to {max(run.curve['gradient_norms']):.2f}"
    print(f"{name} {kind}: {run.trained} trained, {norms}, float32 off by {notes['float32_deviation']}")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    asked = sys.argv[1:] or list(CASES)
    if asked == list(CASES):
        shutil.rmtree(FIXTURES / "methods", ignore_errors=True)
    for name in MODELS:
        (FIXTURES / "methods" / name).mkdir(parents=True, exist_ok=True)
        data = batches(name, AutoConfig.from_pretrained(FIXTURES / "models" / name))
        for kind in [kind for kind in asked if name in CASES[kind].models]:
            write_case(name, data, kind)
