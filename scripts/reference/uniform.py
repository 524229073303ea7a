"""Numbers that look random and are the same in every language: what is dropped in training, without storing it."""
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch


def uniform(name: str, step: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Numbers on [0, 1) for a place in a model at a step; test/uniform.ts makes the same. Each is exact in float32."""
    seed = np.uint32(2166136261)
    with np.errstate(over="ignore"):
        for byte in f"{name} {step}".encode():  # FNV-1a
            seed = (seed ^ np.uint32(byte)) * np.uint32(16777619)
        x = seed + np.arange(np.prod(shape, dtype=int), dtype=np.uint32) * np.uint32(0x9E3779B9)
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
        x = x ^ (x >> np.uint32(16))
    return torch.from_numpy((x >> np.uint32(8)) / 2**24).reshape(shape)


@contextmanager
def drawn_dropout(model: torch.nn.Module, site: Callable[[str], str], step: int) -> Iterator[None]:
    """Within it every dropout of `model` reads its numbers from `uniform`, named by what `site` makes of its module.

    A module that drops twice in a forward pass asks for `site` of its name the second time with ` 2` after it.
    """
    names = {module: name for name, module in model.named_modules()}
    running: list[torch.nn.Module] = []
    asked: dict[str, int] = {}
    original = torch.nn.functional.dropout

    def enter(module, _):
        if not running:
            asked.clear()
        running.append(module)

    def leave(*_):
        running.pop()

    def dropout(x, p=0.5, training=True, inplace=False):
        if not training or p == 0:
            return x
        name = names[running[-1]]
        asked[name] = asked.get(name, 0) + 1
        numbers = uniform(site(name if asked[name] == 1 else f"{name} {asked[name]}"), step, tuple(x.shape))
        return torch.where(numbers > p, x / (1 - p), torch.zeros_like(x))

    hooks = [
        torch.nn.modules.module.register_module_forward_pre_hook(enter),
        torch.nn.modules.module.register_module_forward_hook(leave, always_call=True),
    ]
    torch.nn.functional.dropout = dropout
    try:
        yield
    finally:
        torch.nn.functional.dropout = original
        for hook in hooks:
            hook.remove()
