"""Trains the first rows of a causal language model in PyTorch on the batches that bench/gsm8k.ts wrote; prints losses as JSON."""
import json
import sys
from pathlib import Path

import torch
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, get_cosine_schedule_with_warmup

from decoder_step import rows


def batch_of(examples):
    """Ids and mask, padded at the right, and labels that are -100 where nothing is asked."""
    width = max(len(example["ids"]) for example in examples)
    pad = lambda values, filler: values + [filler] * (width - len(values))
    labels = [[i if asked else -100 for i, asked in zip(e["ids"], e["asked"])] for e in examples]
    return (
        torch.tensor([pad(e["ids"], 0) for e in examples]),
        torch.tensor([pad([1] * len(e["ids"]), 0) for e in examples]),
        torch.tensor([pad(row, -100) for row in labels]),
    )


def loss_of(model, examples, reduction="mean"):
    ids, mask, labels = batch_of(examples)
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
    return F.cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), reduction=reduction)


def held_out(model, examples, batch_size):
    with torch.no_grad():
        total = sum(
            loss_of(model, examples[start : start + batch_size], "sum").item()
            for start in range(0, len(examples), batch_size)
        )
    return total / sum(sum(example["asked"]) for example in examples)


def main():
    folder, path = sys.argv[1:3]
    given = json.loads(Path(path).read_text())
    torch.set_num_threads(given["threads"])
    model = rows(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), given["rank"])
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=given["learning_rate"], weight_decay=0.0)
    scheduler = get_cosine_schedule_with_warmup(optimizer, given["warmup_steps"], len(given["order"]))
    losses, evaluations = [], []
    for step, batch in enumerate(given["order"], 1):
        loss = loss_of(model, [given["train"][i] for i in batch])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
        if step % given["eval_steps"] == 0 or step == len(given["order"]):
            evaluations.append(held_out(model, given["validation"], given["eval_batch_size"]))
    print(json.dumps(dict(losses=losses, evaluations=evaluations)))


if __name__ == "__main__":
    main()
