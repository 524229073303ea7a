"""What a fine-tuning method is to methods_fixture.py, and the methods that peft has."""
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import peft
import torch
from training_fixture import STEPS, Batch, Values, is_head
from transformers import PreTrainedModel


@dataclass
class Trained:
    """A tensor as our library trains it: a parameter, or entries of a weight, counted row by row.

    With entries the parameter is the whole weight, or, where `base` is given, what is added to `base` at the entries.
    """

    parameter: torch.nn.Parameter
    entries: torch.Tensor | None = None
    base: torch.Tensor | None = None
    # Whether it begins elsewhere than where the checkpoint has it.
    moved: bool = True
    learning_rate_ratio: float = 1.0
    constant_learning_rate: float | None = None

    def of(self, numbers: torch.Tensor) -> torch.Tensor:
        """Of numbers in the parameter's shape, those that are trained."""
        return numbers if self.entries is None or self.base is not None else numbers.flatten()[self.entries]

    def value(self) -> torch.Tensor:
        value = self.of(self.parameter.detach())
        return value if self.base is None else value + self.base.to(value)


@dataclass
class Reference:
    """A model that trains as a method would have it; tensors by the names they have in our library."""

    model: torch.nn.Module
    # Of a batch and the number of the step, from 0.
    loss: Callable[[Batch, int], torch.Tensor]
    trained: dict[str, Trained]
    frozen: Values = field(default_factory=dict)
    # Called after each step of the optimizer with the number of steps made, while the gradients are still there.
    after_step: Callable[[int, torch.optim.Optimizer], None] = lambda made, optimizer: None


def own_name(name: str) -> str:
    """A parameter's name in our library: peft's without what its wrapping adds."""
    name = re.sub(r"\.(modules_to_save\.)?default\b", "", name.removeprefix("base_model.").removeprefix("model."))
    return name.replace(".base_layer.", ".").replace("lora_magnitude_vector.weight", "lora_magnitude_vector")


def head_of(model: PreTrainedModel) -> dict[str, Trained]:
    """Freezes a model but for its head, which every method trains."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(is_head(name))
    return {name: Trained(parameter, moved=False) for name, parameter in model.named_parameters() if is_head(name)}


def linears_of(model: PreTrainedModel, ends: list[str]) -> Iterator[tuple[str, torch.nn.Linear]]:
    """The linear modules of the blocks whose names end so, as with peft's target_modules."""
    for name, module in list(model.named_modules()):
        if isinstance(module, torch.nn.Linear) and ".layer." in name and any(name.endswith(f".{end}") for end in ends):
            yield name, module


CONFIGS = {
    "lora": peft.LoraConfig,
    "adalora": peft.AdaLoraConfig,
    "vera": peft.VeraConfig,
    "ia3": peft.IA3Config,
    "shira": peft.ShiraConfig,
    "prompt_tuning": peft.PromptTuningConfig,
    "p_tuning": peft.PromptEncoderConfig,
}


def config_of(method: str, options: dict) -> peft.PeftConfig:
    renamed = {"rank": "r"}
    kept = {renamed.get(name, name): value for name, value in options.items() if name != "loraplus_lr_ratio"}
    kept |= {"total_step": STEPS} if method == "adalora" else {}
    return CONFIGS[method](task_type="SEQ_CLS", **kept)


def by_peft(method: str, model: PreTrainedModel, options: dict, data: list[Batch]) -> Reference:
    adapted = peft.get_peft_model(model, config_of(method, options))
    trained = {}
    for name, parameter in adapted.named_parameters():
        # Of BERT's head peft leaves the pooler frozen.
        if parameter.requires_grad or ".pooler." in name:
            trained[own_name(name)] = Trained(parameter.requires_grad_(), moved=not is_head(own_name(name)))
    reference = Reference(adapted, lambda batch, step: adapted(**batch).loss, trained)
    return COMPLETED.get(method, lambda reference, options: reference)(reference, options)


def lora(reference: Reference, options: dict) -> Reference:
    """LoRA+ trains B faster; peft's optimizer for it also the head's biases, of which the paper does not speak.

    Of PiSSA we keep the weight and its first matrices apart, of which peft keeps the difference.
    """
    for name, tensor in reference.trained.items():
        if name.endswith("lora_B.weight"):
            tensor.learning_rate_ratio = options.get("loraplus_lr_ratio", 1.0)
        if ".lora_" in name and options.get("init_lora_weights") == "pissa":
            reference.frozen[name.replace(".weight", ".initial")] = tensor.value().clone()
    return reference


def vera(reference: Reference, _: dict) -> Reference:
    projections = reference.model.base_model
    for name in ("vera_A", "vera_B"):
        reference.frozen[name] = getattr(projections, name)["default"].clone()
    return reference


def adalora(reference: Reference, _: dict) -> Reference:
    reference.after_step = lambda made, _: reference.model.base_model.update_and_allocate(made)
    return reference


def prompt_tuning(reference: Reference, _: dict) -> Reference:
    reference.trained["prompt_embeddings"] = reference.trained.pop("prompt_encoder.embedding.weight")
    return reference


def shira(reference: Reference, _: dict) -> Reference:
    """We train the entries themselves, peft what is added to them."""
    for name in [name for name in reference.trained if name.endswith(".shira_weight")]:
        module = reference.model.get_submodule(f"base_model.model.{name.removesuffix('.shira_weight')}")
        weight, (rows, columns) = module.base_layer.weight.detach(), module.shira_indices["default"].long()
        entries = rows * weight.shape[1] + columns
        change = reference.trained.pop(name).parameter
        reference.trained[name.replace("shira_weight", "weight.entries")] = Trained(
            change, entries, weight.flatten()[entries]
        )
    return reference


COMPLETED = {"lora": lora, "vera": vera, "adalora": adalora, "prompt_tuning": prompt_tuning, "shira": shira}
