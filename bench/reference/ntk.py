"""Seconds for each entry of the empirical neural tangent kernel over all parameters of RoBERTa-base's shape, as JSON.

`jvp` is the published formulation (Malladi et al., ICML 2023, LM-Kernel-FT): torch.func's jacrev gives the Jacobian of
a batch of outer inputs, and each of its rows is the tangent of a jvp over a batch of inner inputs, by vmap. `jacobian`
is the plain one: the gradients of every output of some outer and some inner inputs, and their products. Batches are by
default those that were fastest on a CPU; of published ones, LM-Kernel-FT's script has 1 and 1, its README 2 and 4.

The weights are random and so are the inputs, which all have one length. `outer_seconds` grows with the outer inputs,
`inner_seconds` with the entries. Neither formulation runs beyond --max_rss: what would not fit is said in
`out_of_memory` in place of the figures.
"""
import argparse
import json
import os
import re
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # huge pages; torch reads it at its import

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, jvp, vmap
from transformers import RobertaConfig, RobertaForMaskedLM, RobertaForSequenceClassification

import memory

GIB = 2**30
FIRST_WORD = 4  # the tokens before it are special
WARMUP_LENGTH = 8
CACHED = 2**16


class LabelWords(nn.Module):
    """A masked language model's scores of the first words of its vocabulary in place of one token, the last but one."""

    def __init__(self, model: RobertaForMaskedLM, words: int):
        super().__init__()
        self.body, self.lm_head, self.words = model.roberta, model.lm_head, words

    def forward(self, ids: Tensor, attention_mask: Tensor) -> Tensor:
        hidden = self.body(ids, attention_mask=attention_mask).last_hidden_state[:, -2]
        return self.lm_head(hidden)[:, FIRST_WORD : FIRST_WORD + self.words]


class Classifier(nn.Module):
    """The logits of a classifier."""

    def __init__(self, model: RobertaForSequenceClassification):
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.model(ids, attention_mask=attention_mask).logits


# Scaled-dot-product attention has no forward-mode derivative on a CPU.
CONFIG = dict(vocab_size=50265, type_vocab_size=1, max_position_embeddings=514, attn_implementation="eager")


def model_of(task: str, outputs: int, layers: int) -> nn.Module:
    config = RobertaConfig(num_hidden_layers=layers, num_labels=outputs, **CONFIG)
    if task == "mlm":
        return LabelWords(RobertaForMaskedLM(config), outputs)
    return Classifier(RobertaForSequenceClassification(config))


Gradient = tuple[Tensor, ...]
# The Jacobian of outer ids [n, length] in a form of its own; of that and inner ids [m, length] the kernel [n, C, m, C].
Formulation = tuple[Callable[[Tensor], Any], Callable[[Any, Tensor], Tensor]]


def by_jvp(model: nn.Module, chunk_size: int | None) -> Formulation:
    """The products of outer Jacobians with inner ones, of which none is formed."""
    parameters = {name: parameter.detach() for name, parameter in model.named_parameters()}

    def logits(parameters: dict[str, Tensor], ids: Tensor) -> Tensor:
        return functional_call(model, parameters, (ids, torch.ones_like(ids)))

    def product(jacobian: dict[str, Tensor], ids: Tensor) -> Tensor:
        def along(tangent: dict[str, Tensor]) -> Tensor:
            return jvp(lambda at: logits(at, ids), (parameters,), (tangent,))[1]

        return vmap(vmap(along, chunk_size=chunk_size), chunk_size=chunk_size)(jacobian)

    return lambda ids: jacrev(logits, chunk_size=chunk_size)(parameters, ids), product


def by_jacobian(model: nn.Module, _: int | None) -> Formulation:
    """By gradients alone: a Jacobian is the gradients of every output of every input, one after another."""
    parameters = list(model.parameters())

    @torch.enable_grad()
    def jacobian(ids: Tensor) -> list[Gradient]:
        rows = []
        for one in ids.split(1):
            outputs = model(one, torch.ones_like(one))[0]
            rows += [torch.autograd.grad(output, parameters, retain_graph=True) for output in outputs]
        return rows

    def product(outer: list[Gradient], ids: Tensor) -> Tensor:
        inner = jacobian(ids)
        kernel = sum(products(a, b) for a, b in zip(zip(*outer), zip(*inner)))
        return kernel.view(-1, len(inner) // len(ids), len(ids), len(inner) // len(ids))

    return jacobian, product


def products(a: tuple[Tensor, ...], b: tuple[Tensor, ...]) -> Tensor:
    """The products of every tensor of `a` with every one of `b`, so many numbers at a time as the cache holds."""
    slices = ([x.flatten().split(CACHED) for x in each] for each in (a, b))
    return sum((torch.stack(x) @ torch.stack(y).T).double() for x, y in zip(*(zip(*each) for each in slices)))


# With how many inner inputs each is fastest at once.
FORMULATIONS = {"jvp": (by_jvp, 8), "jacobian": (by_jacobian, 1)}


@torch.no_grad()
def kernel_of(
    formulation: Formulation, outer: Iterable[Tensor], inner: Sequence[Tensor]
) -> tuple[Tensor, dict[str, float]]:
    """The kernel [n, C, m, C] and the seconds of its two parts; the Jacobian of one outer batch is held at a time."""
    jacobian, product = formulation
    rows, seconds = [], {"outer": 0.0, "inner": 0.0}
    for ids in outer:
        start = time.perf_counter()
        held = jacobian(ids)
        middle = time.perf_counter()
        rows.append(torch.cat([product(held, others).double() for others in inner], 2))
        del held
        seconds["outer"] += middle - start
        seconds["inner"] += time.perf_counter() - middle
    return torch.cat(rows), seconds


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formulation", choices=FORMULATIONS)
    parser.add_argument("--task", default="classification", choices=["classification", "mlm"])
    parser.add_argument("--outputs", type=int, default=2, help="labels, or label words")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--outer", type=int, default=2, help="inputs of the kernel's rows")
    parser.add_argument("--inner", type=int, default=8, help="inputs of its columns")
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--outer_batch", type=int, default=1, help="outer inputs whose Jacobian is held at once")
    parser.add_argument("--inner_batch", type=int, help="8 of jvp, 1 of jacobian")
    parser.add_argument("--chunk_size", type=int, help="rows that vmap takes at once; all unless given")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max_rss", type=float, default=16, help="GiB")
    return parser.parse_args()


def out_of_memory(args: argparse.Namespace, parameters: int, asked: int | None = None) -> str:
    """What does not fit: the Jacobian of a batch, or bytes that were asked for beside it; empty where all does."""
    inputs, size = min(args.outer_batch, args.outer), getattr(torch, args.dtype).itemsize
    held = inputs * args.outputs * parameters * size / GIB
    jacobian = f"a Jacobian of {inputs} × {args.outputs} × {parameters} × {size} bytes, {held:.1f} GiB"
    if asked is not None:
        return f"{asked / GIB:.2f} GiB beside what was held, with {jacobian}"
    return jacobian if held > args.max_rss else ""


def measure(args: argparse.Namespace, model: nn.Module) -> dict[str, float]:
    make, fastest = FORMULATIONS[args.formulation]
    formulation = make(model, args.chunk_size)

    def ids(count: int, length: int) -> Tensor:
        return torch.randint(FIRST_WORD, CONFIG["vocab_size"], (count, length))

    outer, inner = ids(args.outer, args.length), ids(args.inner, args.length)
    kernel_of(formulation, [ids(1, WARMUP_LENGTH)], [ids(1, WARMUP_LENGTH)])
    memory.restart_peak()
    before = time.process_time()
    kernel, parts = kernel_of(formulation, outer.split(args.outer_batch), inner.split(args.inner_batch or fastest))
    seconds = sum(parts.values())
    return dict(
        seconds=round(seconds, 3),
        outer_seconds=round(parts["outer"], 3),
        inner_seconds=round(parts["inner"], 3),
        cpu_seconds=round(time.process_time() - before, 3),
        entries=kernel.numel(),
        seconds_per_entry=round(seconds / kernel.numel(), 6),
        peak_mib=memory.peak_mib(),
        norm=kernel.norm().item(),
    )


def main() -> None:
    args = arguments()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    model = model_of(args.task, args.outputs, args.layers).to(getattr(torch, args.dtype)).eval()
    parameters = sum(parameter.numel() for parameter in model.parameters())
    # Linux counts what is mapped for data, touched or not, which is a little more than what is resident.
    limit = int(args.max_rss * GIB)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    too_much = out_of_memory(args, parameters)
    try:
        result = {"out_of_memory": too_much} if too_much else measure(args, model)
    except RuntimeError as error:
        asked = re.search(r"you tried to allocate (\d+) bytes", str(error))
        if not asked:
            raise
        result = {"out_of_memory": out_of_memory(args, parameters, int(asked[1]))}
    about = vars(args) | {"parameters": parameters, "torch": torch.__version__}
    print(json.dumps(about | result, ensure_ascii=False))


if __name__ == "__main__":
    main()
