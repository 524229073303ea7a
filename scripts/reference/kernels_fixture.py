"""Empirical neural tangent kernels of tiny checkpoints, for test/fixtures/kernels/.

Of each model four inputs of different lengths, each by itself and so without padding, and the kernel
K[(i, a), (j, b)] = ⟨∂f_a(x_i)/∂θ, ∂f_b(x_j)/∂θ⟩ over all parameters, from plain Jacobians in float64; of some models
also over what a fine-tuning method trains. Cases named on the command line are written alone.
"""
import json
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from torch import Tensor
from torch.func import functional_call
from training_fixture import is_head
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures"
LENGTHS = (7, 3, 5, 4)
# The token that stands for a mask, once in each text of a masked language model.
MASK = 4
# Relative to the largest of a parameter's gradient, below which float32 may have another sign.
SMALL = 1e-5
RANK, LORA = 1, {"rank": 2, "lora_alpha": 4}
ROWS, COLUMNS = {"rank": RANK}, {"rank": RANK, "update": "column"}

Values = dict[str, Tensor]


@dataclass
class Case:
    # Of a masked language model the outputs are the scores of so many label words at the mask.
    label_words: int | None = None
    kernels: tuple[str, ...] = ("full",)


CASES = {
    "bert-classification": Case(),
    "roberta-classification": Case(
        kernels=("full", "signgd", "rows", "columns", "bitfit", "lora", "lora-moved", "head")
    ),
    "roberta-mlm": Case(label_words=3, kernels=("full", "rows", "columns", "bitfit")),
    "gpt2-classification": Case(kernels=("full", "rows", "columns", "bitfit", "head")),
    "llama-classification": Case(kernels=("full", "signgd")),
    "deberta-v2-classification": Case(kernels=("full", "signgd")),
}


@dataclass
class Examples:
    """Inputs, each a batch of one; of a masked language model where the masks are and the words that are asked for."""

    batches: list[Values]
    mask_positions: list[int] | None = None
    label_words: list[int] | None = None


def examples(name: str, model: PreTrainedModel) -> Examples:
    draw, config = np.random.default_rng(zlib.crc32(f"{name} kernels".encode())), model.config
    words = [word for word in range(config.vocab_size) if word not in (config.pad_token_id, MASK)]
    batches = []
    for length in LENGTHS:
        ids = torch.from_numpy(draw.choice(words, (1, length)))
        batch = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if getattr(config, "type_vocab_size", 1) > 1:
            batch["token_type_ids"] = torch.from_numpy(np.sort(draw.integers(0, config.type_vocab_size, (1, length))))
        batches.append(batch)
    count = CASES[name].label_words
    if count is None:
        return Examples(batches)
    positions = [int(draw.integers(length)) for length in LENGTHS]
    for batch, position in zip(batches, positions):
        batch["input_ids"][0, position] = MASK
    return Examples(batches, positions, draw.choice(words, count, replace=False).tolist())


def outputs(model: PreTrainedModel, weights: Values, asked: Examples, i: int) -> Tensor:
    """What the kernel is of, [C], for input i with these weights in place of the model's."""
    scores = functional_call(model, weights, kwargs=asked.batches[i]).logits[0]
    return scores if asked.mask_positions is None else scores[asked.mask_positions[i], asked.label_words]


@torch.no_grad()
def logits(model: PreTrainedModel, weights: Values, asked: Examples) -> Tensor:
    """[inputs, C]."""
    return torch.stack([outputs(model, weights, asked, i) for i in range(len(asked.batches))])


def jacobian(
    model: PreTrainedModel,
    parameters: Values,
    asked: Examples,
    weights_of: Callable[[Values], Values] = lambda parameters: parameters,
) -> Values:
    """For each parameter [inputs, C, *its shape]; `weights_of` makes weights of the model from the parameters."""
    leaves = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    rows = []
    for i in range(len(asked.batches)):
        for output in outputs(model, weights_of(leaves), asked, i):
            rows.append(torch.autograd.grad(output, list(leaves.values()), retain_graph=True, materialize_grads=True))
    stacked = zip(leaves, (torch.stack(each) for each in zip(*rows)))
    return {name: rows.unflatten(0, (len(asked.batches), -1)) for name, rows in stacked}


def kernel(parts: Values) -> Tensor:
    """[inputs, C, inputs, C] of Jacobians."""
    return sum(torch.einsum("iap,jbp->iajb", part.flatten(2), part.flatten(2)) for part in parts.values())


def matrices(model: PreTrainedModel, whole: Values) -> Iterator[tuple[str, Tensor, int]]:
    """Of each linear module of the blocks: the weight's name, its Jacobian [n, C, out, in], how many matrices it is."""
    for name, module in model.named_modules():
        is_block = ".layer." in name or ".h." in name
        if is_block and isinstance(module, (torch.nn.Linear, Conv1D)):
            part = whole[f"{name}.weight"]
            yield f"{name}.weight", part.mT if isinstance(module, Conv1D) else part, 3 if name.endswith("c_attn") else 1


def head_of(whole: Values) -> Values:
    return {name: part for name, part in whole.items() if is_head(name) or name.startswith("score.")}


def rows(model: PreTrainedModel, whole: Values) -> Values:
    """The first rows of each matrix; queries, keys and values in one weight are three."""
    first = {
        f"{name}.{i}": matrix[..., :RANK, :]
        for name, part, count in matrices(model, whole)
        for i, matrix in enumerate(part.chunk(count, -2))
    }
    return head_of(whole) | first


def columns(model: PreTrainedModel, whole: Values) -> Values:
    return head_of(whole) | {name: part[..., :RANK] for name, part, _ in matrices(model, whole)}


def biases(model: PreTrainedModel, whole: Values) -> Values:
    return head_of(whole) | {name: part for name, part in whole.items() if name.endswith("bias")}


# The method and options of our library that train the same, and those parts of the whole Jacobian.
RESTRICTED = {
    "full": ("full", {}, lambda model, whole: whole),
    "rows": ("rocoft", ROWS, rows),
    "columns": ("rocoft", COLUMNS, columns),
    "bitfit": ("bitfit", {}, biases),
    "head": ("head", {}, lambda model, whole: head_of(whole)),
}


def lora_matrices(name: str, model: PreTrainedModel, moved: bool) -> Values:
    """A [r, in] of every query and value, and B [out, r], zero unless `moved`. Each number is exact in float32."""
    draw, made = np.random.default_rng(zlib.crc32(f"{name} lora".encode())), {}
    for module_name, module in model.named_modules():
        if module_name.endswith((".query", ".value")):
            shapes = {"lora_A": (LORA["rank"], module.in_features), "lora_B": (module.out_features, LORA["rank"])}
            for matrix, shape in shapes.items():
                values = torch.from_numpy(0.2 * draw.standard_normal(shape)).float().double()
                made[f"{module_name}.{matrix}.weight"] = values if moved or matrix == "lora_A" else 0 * values
    return made


def uncertain(parts: Values) -> Tensor:
    """In how many terms of each entry [inputs, C, inputs, C] one of the signs is that of a small number."""
    sizes = {key: part.flatten(2).abs() for key, part in parts.items()}
    there = {key: (size > 0).double() for key, size in sizes.items()}
    sure = {key: there[key] * (size >= SMALL * size.amax(2, keepdim=True)) for key, size in sizes.items()}
    return (kernel(there) - kernel(sure)).int()


# The Jacobian that a kernel is of, what to say of it, and further tensors.
Kind = tuple[Values, dict, Values]


def restricted(own: str, name: str, model: PreTrainedModel, asked: Examples, whole: Values) -> Kind:
    method, options, select = RESTRICTED[own]
    return select(model, whole), {"method": method, "options": options}, {}


def lora(own: str, name: str, model: PreTrainedModel, asked: Examples, whole: Values) -> Kind:
    """Over A and B of W + (alpha / r)·B·A and the head."""
    begins, head = lora_matrices(name, model, own == "lora-moved"), head_of(dict(model.named_parameters()))
    scale = LORA["lora_alpha"] / LORA["rank"]

    def weights_of(parameters: Values) -> Values:
        weights = {key: parameters[key] for key in head}
        for a in [key for key in begins if key.endswith("lora_A.weight")]:
            weight, b = a.replace("lora_A.weight", "weight"), a.replace("lora_A", "lora_B")
            weights[weight] = model.get_parameter(weight).detach() + scale * parameters[b] @ parameters[a]
        return weights

    parts = jacobian(model, begins | head, asked, weights_of)
    more = {f"{own}.{key}": value.float() for key, value in begins.items()}
    more[f"logits.{own}"] = logits(model, weights_of(begins | head), asked)
    return parts, {"method": "lora", "options": LORA}, more


def signgd(own: str, name: str, model: PreTrainedModel, asked: Examples, whole: Values) -> Kind:
    """Signs of gradients; without the parameters whose gradients are rounding errors."""
    left_out = json.loads((FIXTURES / "models" / name / "expected.json").read_text())["zero_gradient"]
    kept = {key: part for key, part in whole.items() if key not in left_out}
    about = {"method": "full", "options": {}, "left_out": left_out}
    return {key: part.sign() for key, part in kept.items()}, about, {"uncertain.signgd": uncertain(kept)}


KINDS = {"lora": lora, "lora-moved": lora, "signgd": signgd}


def numbers(parts: Values) -> int:
    """How many parameters a Jacobian is over."""
    return sum(part[0, 0].numel() for part in parts.values())


def write_case(name: str, case: Case, folder: Path) -> None:
    source = FIXTURES / "models" / name
    kind = getattr(transformers, json.loads((source / "expected.json").read_text())["class"])
    model = kind.from_pretrained(source, dtype=torch.float64, attn_implementation="eager").eval()
    asked = examples(name, model)
    whole = jacobian(model, dict(model.named_parameters()), asked)
    tensors = {f"{i}.{key}": value for i, batch in enumerate(asked.batches) for key, value in batch.items()}
    tensors["logits"] = logits(model, {}, asked)
    kernels = {}
    for own in case.kernels:
        parts, about, more = KINDS.get(own, restricted)(own, name, model, asked, whole)
        kernels[own] = about | {"trained": numbers(parts)}
        tensors |= more | {f"kernel.{own}": kernel(parts)}
    notes = {
        "transformers": transformers.__version__,
        "torch": torch.__version__.partition("+")[0],
        "model": name,
        "class": kind.__name__,
        "inputs": len(LENGTHS),
        **({"mask_token_id": MASK, "label_words": asked.label_words} if asked.label_words else {}),
        "kernels": kernels,
    }
    save_file({key: value.contiguous() for key, value in tensors.items()}, folder / f"{name}.safetensors")
    (folder / f"{name}.json").write_text(json.dumps(notes, indent=2) + "\n")
    counts = ", ".join(f"{own} {each['trained']}" for own, each in kernels.items())
    print(f"{name}: {list(tensors['logits'].shape)}, {counts}")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    target, chosen = FIXTURES / "kernels", sys.argv[1:]
    if not chosen:
        shutil.rmtree(target, ignore_errors=True)
    target.mkdir(exist_ok=True)
    for case_name in chosen or CASES:
        write_case(case_name, CASES[case_name], target)
