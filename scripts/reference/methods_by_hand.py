"""Low-rank and activation methods that peft lacks, or that fail there, as plainly as PyTorch says them."""
from collections.abc import Callable

import torch
from methods_in_place import diff_pruning, fish_mask, rocoft, sft
from methods_reference import Reference, Trained, head_of, linears_of
from peft import PrefixTuningConfig
from peft.tuners.prefix_tuning import PrefixEncoder
from torch import Tensor
from torch.nn import Dropout, Linear, Module, Parameter
from torch.nn.functional import gelu, relu
from training_fixture import Batch
from transformers import DynamicCache, PreTrainedModel


def reference(model: Module, trained: dict[str, Trained], frozen: tuple[str, ...] = ()) -> Reference:
    kept = {name: value.detach().clone() for name, value in model.named_parameters() if name.endswith(frozen)}
    return Reference(model, lambda batch, step: model(**batch).loss, trained, kept)


def added_to(model: Module, *parts: str) -> dict[str, Trained]:
    """The parameters with such parts in their names."""
    return {name: Trained(value) for name, value in model.named_parameters() if any(part in name for part in parts)}


def lora_xs(_: str, model: PreTrainedModel, options: dict, data: list[Batch]) -> Reference:
    """W + (α/r)·B·R·A, with A = Σ·Vᵀ and B = U of the r largest singular values of W."""
    trained, r, scale = head_of(model), options["rank"], options["lora_alpha"] / options["rank"]
    for _, module in linears_of(model, options["target_modules"]):
        u, s, vh = torch.linalg.svd(module.weight.detach(), full_matrices=False)
        begins = {"lora_A": s[:r, None] * vh[:r], "lora_latent_mapping": torch.zeros(r, r), "lora_B": u[:, :r]}
        for name, value in begins.items():
            part = Linear(value.shape[1], value.shape[0], bias=False)
            part.weight = Parameter(value.clone(), requires_grad=name == "lora_latent_mapping")
            module.add_module(name, part)
        module.add_module("lora_dropout", Dropout(options["lora_dropout"]))
        module.register_forward_hook(
            lambda m, x, y: y + scale * m.lora_B(m.lora_latent_mapping(m.lora_A(m.lora_dropout(x[0]))))
        )
    trained |= added_to(model, "lora_latent_mapping")
    return reference(model, trained, ("lora_A.weight", "lora_B.weight"))


class AdaptedOutput(Module):
    """The end of a sublayer with an adapter: LN(x + h′), with h′ what `put` makes of what the sublayer gives, h."""

    def __init__(self, output: Module, size: int, activation: Callable, scaling: float | str, put: Callable):
        super().__init__()
        width = output.dense.out_features
        self.dense, self.dropout, self.LayerNorm = output.dense, output.dropout, output.LayerNorm
        self.adapter_down, self.adapter_up = Linear(width, size), Linear(size, width)
        self.activation, self.put, self.scaling = activation, put, scaling
        if scaling == "learned":
            self.adapter_scaling = Parameter(torch.ones(1))

    def adapter(self, x: Tensor) -> Tensor:
        scale = self.adapter_scaling if self.scaling == "learned" else self.scaling
        return scale * self.adapter_up(self.activation(self.adapter_down(x)))

    def forward(self, hidden: Tensor, x: Tensor) -> Tensor:
        h = self.dropout(self.dense(hidden))
        return self.LayerNorm(x + self.put(h, x, self.adapter, self.LayerNorm))


PUT = {
    "houlsby": lambda h, x, adapter, norm: h + adapter(h),
    "pfeiffer": lambda h, x, adapter, norm: h + adapter(norm(x + h)),
    "parallel_adapter": lambda h, x, adapter, norm: h + adapter(x),
}


def put_adapters(kind: str, model: PreTrainedModel, options: dict) -> None:
    width = model.config.hidden_size
    size = options.get("bottleneck_size") or int(width / options.get("reduction_factor", 2))
    design = (size, gelu if kind == "houlsby" else relu, options.get("scaling", 1.0), PUT[kind])
    for layer in model.base_model.encoder.layer:
        layer.output = AdaptedOutput(layer.output, *design)
        if kind == "houlsby":
            layer.attention.output = AdaptedOutput(layer.attention.output, *design)


def adapters(kind: str, model: PreTrainedModel, options: dict, data: list[Batch]) -> Reference:
    trained = head_of(model)
    put_adapters(kind, model, options)
    if kind == "houlsby":
        norms = added_to(model, "LayerNorm")
        trained |= {name: Trained(tensor.parameter.requires_grad_(), moved=False) for name, tensor in norms.items()}
    return reference(model, trained | added_to(model, "adapter_"))


class Prefixed(Module):
    """A model whose attentions see the keys and values of peft's prefix encoder first: they are in its cache."""

    def __init__(self, model: PreTrainedModel, options: dict, shifts: bool):
        super().__init__()
        config = model.config
        self.slots, self.shifts = (config.num_hidden_layers * 2, config.num_attention_heads), shifts
        sizes = {"token_dim": config.hidden_size, "num_layers": config.num_hidden_layers}
        self.model, self.prompt_encoder = model, PrefixEncoder(PrefixTuningConfig(**options, **sizes))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, **batch: Tensor):
        rows, n = len(input_ids), self.prompt_encoder.embedding.num_embeddings
        prefix = self.prompt_encoder(torch.arange(n).expand(rows, -1))
        cache = DynamicCache()
        for i, slot in enumerate(prefix.view(rows, n, *self.slots, -1).permute(2, 0, 3, 1, 4).split(2)):
            cache.update(slot[0], slot[1], i)
        seen = torch.cat([torch.ones(rows, n, dtype=torch.long), attention_mask], 1)[:, None, None]
        hidden = torch.finfo(prefix.dtype).min * (1 - seen).expand(-1, -1, input_ids.shape[1], -1).to(prefix)
        batch |= {} if self.shifts else {"position_ids": self.unshifted(input_ids)}
        return self.model(input_ids=input_ids, attention_mask=hidden, cache=cache, **batch)

    def unshifted(self, input_ids: Tensor) -> Tensor:
        """The positions that the model counts without a cache."""
        embeddings = self.model.base_model.embeddings
        if hasattr(embeddings, "create_position_ids_from_input_ids"):
            return embeddings.create_position_ids_from_input_ids(input_ids, embeddings.padding_idx)
        return embeddings.position_ids[:, : input_ids.shape[1]]


def prefix_tuning(kind: str, model: PreTrainedModel, options: dict, data: list[Batch]) -> Reference:
    own = {name: options[name] for name in options if name not in ("bottleneck_size", "scaling", "shift_positions")}
    trained = head_of(model)
    if kind == "mam":
        put_adapters("parallel_adapter", model, options)
        trained |= added_to(model, "adapter_")
    prefixed = Prefixed(model, own, options.get("shift_positions", kind != "mam"))
    prompt = added_to(prefixed, "prompt_encoder")
    if not options.get("prefix_projection"):
        prompt = {"prompt_embeddings": tensor for tensor in prompt.values()}
    return reference(prefixed, trained | prompt)


BY_HAND: dict[str, Callable[[str, PreTrainedModel, dict, list[Batch]], Reference]] = {
    "lora_xs": lora_xs,
    "houlsby": adapters,
    "pfeiffer": adapters,
    "parallel_adapter": adapters,
    "prefix_tuning": prefix_tuning,
    "mam": prefix_tuning,
    "rocoft": rocoft,
    "fish_mask": fish_mask,
    "diff_pruning": diff_pruning,
    "sft": sft,
}
