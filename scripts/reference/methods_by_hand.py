"""The fine-tuning methods that peft lacks, or that fail there, as plainly as PyTorch says them."""
import math
from collections.abc import Callable, Iterator

import torch
from methods_reference import Reference, Trained, head_of, is_head
from peft import PrefixTuningConfig
from peft.tuners.prefix_tuning import PrefixEncoder
from torch import Tensor
from torch.nn import Dropout, Linear, Module, Parameter
from torch.nn.functional import gelu, relu
from torch.func import functional_call
from training_fixture import STEPS, Batch, Values
from transformers import DynamicCache, PreTrainedModel
from uniform import uniform


def reference(model: Module, trained: dict[str, Trained], frozen: tuple[str, ...] = ()) -> Reference:
    kept = {name: value.detach().clone() for name, value in model.named_parameters() if name.endswith(frozen)}
    return Reference(model, lambda batch, step: model(**batch).loss, trained, kept)


def added_to(model: Module, *parts: str) -> dict[str, Trained]:
    """The parameters with such parts in their names."""
    return {name: Trained(value) for name, value in model.named_parameters() if any(part in name for part in parts)}


def linears_of(model: PreTrainedModel, ends: list[str]) -> Iterator[tuple[str, Linear]]:
    """The linear modules of the blocks whose names end so, as with peft's target_modules."""
    for name, module in list(model.named_modules()):
        if isinstance(module, Linear) and ".layer." in name and any(name.endswith(f".{end}") for end in ends):
            yield name, module


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


def in_place(model: PreTrainedModel, places: Values, suffix: str = "entries") -> Reference:
    """Weights of which only these entries are trained: the gradient of all others is set to zero."""
    trained = head_of(model)
    for name, entries in places.items():
        parameter = model.get_parameter(name).requires_grad_()
        mask = torch.zeros_like(parameter).flatten().index_fill(0, entries.flatten(), 1).view_as(parameter)
        parameter.register_hook(lambda gradient, mask=mask: gradient * mask)
        trained[f"{name}.{suffix}"] = Trained(parameter, entries, moved=False)
    return reference(model, trained)


def fish_mask(_: str, model: PreTrainedModel, options: dict, data: list[Batch]) -> Reference:
    """The entries whose squared gradients, summed over the examples, are largest."""
    body = {name: parameter for name, parameter in model.named_parameters() if not is_head(name)}
    fisher = {name: torch.zeros_like(parameter) for name, parameter in body.items()}
    for batch in data:
        for i in range(len(batch["labels"])):
            model.zero_grad()
            model(**{name: values[i : i + 1] for name, values in batch.items()}).loss.backward()
            for name, parameter in body.items():
                fisher[name] += parameter.grad**2
    model.zero_grad()
    scores = torch.cat([score.flatten() for score in fisher.values()])
    count = int(options["density"] * scores.numel())
    least = scores.topk(count).values[-1]
    return in_place(model, {name: found for name, score in fisher.items() if len(found := chosen(score >= least))})


def chosen(mask: Tensor) -> Tensor:
    return mask.flatten().nonzero()[:, 0]


def sft(_: str, model: PreTrainedModel, options: dict, data: list[Batch]) -> Reference:
    """Entries of weights, of which those that changed least make room for those whose summed gradients are largest."""
    every, over = options["reselection_steps"], options["selection_accumulation_steps"]
    weights = {f"{name}.weight": module.weight for name, module in linears_of(model, options["target_modules"])}
    budget = int(options["density"] * sum(parameter.numel() for parameter in model.parameters()))
    targeted = sum(weight.numel() for weight in weights.values())
    trained, first, whole, masks, sums = head_of(model), {}, {}, {}, {}
    for name, weight in weights.items():
        first[name] = weight.detach().clone()
        masks[name] = torch.zeros(weight.numel(), dtype=torch.bool)
        masks[name][torch.randperm(weight.numel())[: budget * weight.numel() // targeted]] = True
        trained[f"{name}.entries"] = Trained(weight.requires_grad_(), chosen(masks[name]), moved=False)
        weight.register_hook(lambda gradient, name=name: masked(gradient, name))

    def masked(gradient: Tensor, name: str) -> Tensor:
        whole[name] = gradient.flatten()
        return gradient * masks[name].view_as(gradient)

    @torch.no_grad()
    def after_step(made: int, optimizer: torch.optim.Optimizer) -> None:
        if made % every > over:
            return
        for name, gradient in whole.items():
            candidates, kept = sums.setdefault(name, (gradient.abs().topk(int(masks[name].sum())).indices, []))
            kept.append(gradient[candidates])
        if made % every == over:
            done = made / STEPS
            left = 1 - done if options.get("reselection_rate_policy") != "cosine" else (1 + math.cos(math.pi * done)) / 2
            for name in weights:
                reselect(name, 1 if made == over else options["reselection_rate"] * left, made, optimizer)
            sums.clear()

    def reselect(name: str, share: float, made: int, optimizer: torch.optim.Optimizer) -> None:
        weight, mask, (candidates, gradients) = weights[name].view(-1), masks[name], sums[name]
        samples = torch.stack(gradients)
        entries = chosen(mask)
        change = (weight - first[name].flatten().to(weight)).abs()
        dropped = entries[change[entries].argsort()[: int(len(entries) * share)]]
        staying = mask.clone().index_fill(0, dropped, False)
        free = (~staying[candidates]).nonzero()[:, 0]
        best = free[samples.sum(0)[free].abs().argsort(descending=True)[: len(dropped)]]
        grown = best[~mask[candidates[best]]]
        # Fewer may come than go: those that have changed most stay then.
        leaving = dropped[~torch.isin(dropped, candidates[best])][: len(grown)]
        _, mean, square = (tensor.view(-1) for tensor in moments(optimizer, weights[name]))
        weight[leaving] = first[name].flatten().to(weight)[leaving]
        mean[leaving], square[leaving] = 0, 0
        mean[candidates[grown]] = samples.mean(0)[grown] * (1 - 0.9**made)
        square[candidates[grown]] = (samples**2).mean(0)[grown] * (1 - 0.999**made)
        mask[leaving], mask[candidates[grown]] = False, True
        trained[f"{name}.entries"].entries = chosen(mask)

    return Reference(model, lambda batch, step: model(**batch).loss, trained, after_step=after_step)


def diff_pruning(_: str, model: PreTrainedModel, options: dict, data: list[Batch]) -> Reference:
    """W + z_g·z∘w with hard concrete gates; after half of the steps the largest changes are kept, with their gates open."""
    head = head_of(model)
    heads = {name: tensor.parameter.detach().clone() for name, tensor in head.items()}
    body = {name: parameter for name, parameter in model.named_parameters() if name not in head}
    changes, gates = Module(), Module()
    whole = torch.nn.ModuleList([model, changes, gates])
    changes_of, gates_of = {}, {}
    for i, (name, parameter) in enumerate(body.items()):
        changes_of[name] = Parameter(torch.zeros_like(parameter))
        changes.register_parameter(f"{i}", changes_of[name])
        for kind, shape in {"log_alpha": parameter.shape, "group_log_alpha": (1,)}.items():
            # Between open and shut, where the method would have them open.
            gates_of[f"{name}.{kind}"] = Parameter(2 * torch.randn(shape))
            gates.register_parameter(f"{i}_{kind}", gates_of[f"{name}.{kind}"])

    def gated(name: str, step: int) -> Tensor:
        own, group = (gate(f"{name}.{kind}", step) for kind in ("log_alpha", "group_log_alpha"))
        return group * own * changes_of[name]

    def gate(name: str, step: int) -> Tensor:
        log_alpha = gates_of[name]
        u = uniform(name, step, tuple(log_alpha.shape)).to(log_alpha).clamp(1e-4, 1 - 1e-4)
        return (3 * torch.sigmoid(u.log() - (1 - u).log() + log_alpha) - 1.5).clamp(0, 1)

    def loss(batch: Batch, step: int) -> Tensor:
        weights = {name: parameter + gated(name, step) for name, parameter in body.items()}
        penalty = sum(torch.sigmoid(log_alpha).sum() for log_alpha in gates_of.values())
        return functional_call(model, weights, kwargs=batch).loss + options["sparsity_penalty"] * penalty

    @torch.no_grad()
    def project(made: int, optimizer: torch.optim.Optimizer) -> None:
        if made != STEPS // 2:
            return
        diffs = {name: gated(name, made - 1) for name in body}
        moved = [head[name].parameter - first.to(head[name].parameter) for name, first in heads.items()]
        sizes = torch.cat([x.abs().flatten() for x in [*diffs.values(), *moved]])
        least = sizes.topk(int(options["density"] * len(sizes))).values[-1]
        for name, diff in diffs.items():
            kept = diff.abs() >= least
            for tensor in moments(optimizer, changes_of[name]):
                tensor.mul_(kept)
            gates_of[f"{name}.log_alpha"].copy_(torch.where(kept, 100.0, -100.0))
            gates_of[f"{name}.group_log_alpha"].fill_(100.0)
            for kind in ("log_alpha", "group_log_alpha"):
                for tensor in moments(optimizer, gates_of[f"{name}.{kind}"])[1:]:
                    tensor.zero_()

    trained = {f"{name}.diff": Trained(change) for name, change in changes_of.items()}
    trained |= {name: Trained(log_alpha, constant_learning_rate=0.1) for name, log_alpha in gates_of.items()}
    return Reference(whole, loss, head | trained, after_step=project)


def moments(optimizer: torch.optim.Optimizer, parameter: Parameter) -> list[Tensor]:
    """A parameter and the two running means that AdamW has of its gradient."""
    return [parameter, *(optimizer.state[parameter][key] for key in ("exp_avg", "exp_avg_sq"))]


# Of rows, columns and entries of a weight: their scores, from the norms x and y of what comes in and out, and their places.
SELECTED = {
    "row": ("rows", lambda w, x, y: w.abs().sum(1) * y, lambda places, best: places[best]),
    "column": ("columns", lambda w, x, y: w.abs().sum(0) * x, lambda places, best: places[:, best]),
    "entries": ("entries", lambda w, x, y: (w.abs() * x).flatten(), lambda places, best: best),
}
# Of an order that begins with the largest, so many.
SELECT = {
    "random": lambda order, count: order[torch.randperm(len(order))[:count]],
    "largest": lambda order, count: order[:count],
    "smallest": lambda order, count: order[-count:],
    "mixed": lambda order, count: torch.cat([order[: count - count // 2], order[len(order) - count // 2 :]]),
}


def rocoft(_: str, model: PreTrainedModel, options: dict, data: list[Batch]) -> Reference:
    """Rows, columns or entries, by chance or by the weights' magnitudes times the norms of what meets them."""
    suffix, score, places_of = SELECTED[options["update"]]
    squares, places = sums_of_squares(model, options["target_modules"], data), {}
    for name, module in linears_of(model, options["target_modules"]):
        weight = module.weight.detach()
        scores = score(weight, squares[name, "input"].sqrt(), squares[name, "output"].sqrt())
        count = options["rank"] * (weight.shape[1] if options["update"] == "entries" else 1)
        best = SELECT[options["select"]](scores.argsort(descending=True), count).sort().values
        places[f"{name}.weight"] = places_of(torch.arange(weight.numel()).view_as(weight), best)
    return in_place(model, places, suffix)


@torch.no_grad()
def sums_of_squares(model: PreTrainedModel, ends: list[str], data: list[Batch]) -> dict[tuple[str, str], Tensor]:
    """Of every feature that goes into or comes out of a linear module, over the tokens that are no padding."""
    sums, real = {}, None

    def add(name: str, x: Tensor, y: Tensor) -> None:
        for side, values in {"input": x, "output": y}.items():
            sums[name, side] = sums.get((name, side), 0) + (values[real] ** 2).sum(0)

    hooks = [
        module.register_forward_hook(lambda _, x, y, name=name: add(name, x[0], y))
        for name, module in linears_of(model, ends)
    ]
    for batch in data:
        real = batch["attention_mask"].bool()
        model(**batch)
    for hook in hooks:
        hook.remove()
    return sums


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
