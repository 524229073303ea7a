"""Median seconds of a training step of a causal language model in PyTorch, and peak resident memory, as JSON."""
import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModelForCausalLM

import memory

WARMUP_STEPS = 2


class _Rows(torch.autograd.Function):
    """y = x·Wᵀ, with the gradient of the first rows alone instead of the whole weight's."""

    @staticmethod
    def forward(ctx, x, weight, rows):
        ctx.save_for_backward(x, weight)
        ctx.rank = rows.shape[0]
        return F.linear(x, weight)

    @staticmethod
    def backward(ctx, dy):
        x, weight = ctx.saved_tensors
        drows = dy.flatten(0, -2)[:, : ctx.rank].t() @ x.flatten(0, -2)
        return dy @ weight, None, drows


class Rows(nn.Module):
    """A linear without bias of which the first rows are trained, as a view of its weight."""

    def __init__(self, linear, rank):
        super().__init__()
        self.register_buffer("weight", linear.weight.detach())
        self.rows = nn.Parameter(self.weight[:rank])

    def forward(self, x):
        return _Rows.apply(x, self.weight, self.rows)


def rows(model, rank):
    model.requires_grad_(False)
    for parent in [module for name, module in model.named_modules() if ".layers." in name]:
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, Rows(child, rank))
    return model


def lora(targets):
    def attach(model, rank):
        import peft  # a second to import, which the other methods need not wait for

        config = peft.LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, target_modules=targets)
        return peft.get_peft_model(model, config)

    return attach


METHODS = {
    "rocoft": rows,
    "lora": lora(["q_proj", "v_proj"]),
    "lora-all": lora("all-linear"),
    "full": lambda model, rank: model,
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main():
    args = arguments()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    config = AutoConfig.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    model = METHODS[args.method](model, 3).train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-5, weight_decay=0.0, fused=True)
    ids = torch.randint(4, config.vocab_size, (args.batch, args.length))
    batch = dict(input_ids=ids, attention_mask=torch.ones_like(ids), labels=ids, use_cache=False)

    def step():
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        return time.perf_counter() - start

    memory.restart_peak()
    seconds = [step() for _ in range(WARMUP_STEPS + args.steps)]
    result = dict(
        seconds=round(statistics.median(seconds[WARMUP_STEPS:]), 4),
        peak_mib=memory.peak_mib(),
        trained=sum(parameter.numel() for parameter in parameters),
        torch=torch.__version__,
    )
    print(json.dumps(vars(args) | result))


if __name__ == "__main__":
    main()
