"""Median seconds of a training step (forward, backward, AdamW) of a RoBERTa classifier with random weights, as JSON."""
import argparse
import json
import statistics
import time

import torch
from transformers import RobertaConfig, RobertaForSequenceClassification

import memory
import methods

SHAPES = {
    "roberta-base": dict(vocab_size=50265, type_vocab_size=1),
    "minilm": dict(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, vocab_size=30522
    ),
}
WARMUP_STEPS = 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=methods.METHODS)
    parser.add_argument("--rank", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shape", default="roberta-base", choices=SHAPES)
    return parser.parse_args()


def main():
    args = arguments()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    config = RobertaConfig(
        max_position_embeddings=514,
        num_labels=2,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        **SHAPES[args.shape],
    )
    model = methods.attach(RobertaForSequenceClassification(config), args.method, args.rank).train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.0, fused=True)
    run = torch.compile(model) if args.compile else model
    ids = torch.randint(4, config.vocab_size, (args.batch, args.length))
    batch = dict(input_ids=ids, attention_mask=torch.ones_like(ids), labels=torch.randint(0, 2, (args.batch,)))

    steps_made = [0]

    def step():
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.dtype == "bfloat16"):
            loss = run(**batch).loss
        loss.backward()
        optimizer.step()
        if args.method == "adalora":
            steps_made[0] += 1
            model.base_model.update_and_allocate(steps_made[0])
        return time.perf_counter() - start, loss.item()

    memory.restart_peak()
    seconds, losses = zip(*[step() for _ in range(WARMUP_STEPS + args.steps)])
    median = statistics.median(seconds[WARMUP_STEPS:])
    result = dict(
        seconds=round(median, 4),
        tokens_per_second=round(args.batch * args.length / median),
        peak_mib=memory.peak_mib(),
        **methods.trained(model),
        loss=round(losses[-1], 4),
        torch=torch.__version__,
    )
    print(json.dumps(vars(args) | result))


if __name__ == "__main__":
    main()
