"""Methods that change the weights themselves here and there, as PyTorch says it plainly: whole gradients, masked."""
import math

import torch
from methods_reference import Reference, Trained, head_of, linears_of
from torch import Tensor
from torch.func import functional_call
from torch.nn import Module, ModuleList, Parameter
from torch.optim import Optimizer
from training_fixture import STEPS, Batch, Values, is_head
from transformers import PreTrainedModel
from uniform import uniform


def in_place(model: PreTrainedModel, places: Values, suffix: str = "entries") -> Reference:
    """Weights of which only these entries are trained: the gradient of all others is set to zero."""
    trained = head_of(model)
    for name, entries in places.items():
        parameter = model.get_parameter(name).requires_grad_()
        mask = torch.zeros_like(parameter).flatten().index_fill(0, entries.flatten(), 1).view_as(parameter)
        parameter.register_hook(lambda gradient, mask=mask: gradient * mask)
        trained[f"{name}.{suffix}"] = Trained(parameter, entries, moved=False)
    return Reference(model, lambda batch, step: model(**batch).loss, trained)


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
    def after_step(made: int, optimizer: Optimizer) -> None:
        if made % every > over:
            return
        for name, gradient in whole.items():
            candidates, kept = sums.setdefault(name, (gradient.abs().topk(int(masks[name].sum())).indices, []))
            kept.append(gradient[candidates])
        if made % every == over:
            done = made / STEPS
            is_cosine = options.get("reselection_rate_policy") == "cosine"
            left = (1 + math.cos(math.pi * done)) / 2 if is_cosine else 1 - done
            for name in weights:
                reselect(name, 1 if made == over else options["reselection_rate"] * left, made, optimizer)
            sums.clear()

    def reselect(name: str, share: float, made: int, optimizer: Optimizer) -> None:
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
    """W + z_g·z∘w with hard concrete gates; after half of the steps the largest changes are kept, their gates open."""
    head = head_of(model)
    heads = {name: tensor.parameter.detach().clone() for name, tensor in head.items()}
    body = {name: parameter for name, parameter in model.named_parameters() if name not in head}
    changes, gates = Module(), Module()
    whole = ModuleList([model, changes, gates])
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
    def project(made: int, optimizer: Optimizer) -> None:
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


def moments(optimizer: Optimizer, parameter: Parameter) -> list[Tensor]:
    """A parameter and the two running means that AdamW has of its gradient."""
    return [parameter, *(optimizer.state[parameter][key] for key in ("exp_avg", "exp_avg_sq"))]


# Of rows, columns and entries of a weight w: their scores, by the norms of what comes in, x, and out, y; their places.
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
