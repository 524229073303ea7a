"""Trains rows or columns in PyTorch with the head and the batches that bench/parity.ts wrote; prints losses and accuracy."""
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, get_cosine_schedule_with_warmup

RANK, LEARNING_RATE, WARMUP_STEPS, EVAL_BATCH = 3, 1e-3, 100, 64


def trained_parameters(model, update):
    """The head whole; of each linear of the layers the first rows or columns, by a hook that zeroes the rest."""
    parameters = []
    for name, parameter in model.named_parameters():
        in_layer = ".layer." in name and parameter.dim() == 2
        parameter.requires_grad_(in_layer or "classifier" in name or "pooler" in name)
        if parameter.requires_grad:
            parameters.append(parameter)
        if in_layer:
            mask = torch.zeros_like(parameter)
            mask[(slice(RANK), slice(None)) if update == "row" else (slice(None), slice(RANK))] = 1
            parameter.register_hook(lambda gradient, mask=mask: gradient * mask)
    return parameters


def padded(sequences, pad):
    width = max(map(len, sequences))
    ids = torch.tensor([row + [pad] * (width - len(row)) for row in sequences])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in sequences])
    return dict(input_ids=ids, attention_mask=mask)


def accuracy(model, data, pad):
    right = 0
    with torch.no_grad():
        for start in range(0, len(data["ids"]), EVAL_BATCH):
            batch = slice(start, start + EVAL_BATCH)
            logits = model(**padded(data["ids"][batch], pad)).logits
            right += (logits.argmax(-1) == torch.tensor(data["labels"][batch])).sum().item()
    return right / len(data["ids"])


def main():
    folder, scratch, update = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    given = json.loads((scratch / "training.json").read_text())
    no_dropout = dict(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2, **no_dropout)
    model.load_state_dict(load_file(scratch / "head.safetensors"), strict=False)
    pad = model.config.pad_token_id
    parameters = trained_parameters(model, update)
    optimizer = torch.optim.AdamW(parameters, lr=LEARNING_RATE, weight_decay=0.0)
    scheduler = get_cosine_schedule_with_warmup(optimizer, WARMUP_STEPS, len(given["order"]))
    losses = []
    for batch in given["order"]:
        labels = torch.tensor([int(given["train"]["labels"][i]) for i in batch])
        loss = model(**padded([given["train"]["ids"][i] for i in batch], pad), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    print(json.dumps(dict(losses=losses, accuracy=accuracy(model.eval(), given["validation"], pad))))


main()
