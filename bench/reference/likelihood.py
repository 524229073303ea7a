"""Log-likelihoods of continuations by transformers: for each line of JSON {items, batch} on standard input a line {seconds, cpu_seconds, sums}.

An item is a text with its continuations, as tokens. Each continuation is read behind the whole text, as lm-evaluation-harness does: the
longest first, in padded batches, the logits of the continuation's positions alone.
"""
import argparse
import json
import sys
import time

import torch
import transformers
from transformers import AutoModelForCausalLM


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def log_likelihoods(model, items, size):
    pairs = [(item["text"], tokens) for item in items for tokens in item["continuations"]]
    order = sorted(range(len(pairs)), key=lambda i: -len(pairs[i][0]) - len(pairs[i][1]))
    sums = [0.0] * len(pairs)
    for start in range(0, len(order), size):
        batch = [pairs[i] for i in order[start : start + size]]
        # The last token is asked for, not read.
        rows = [text + tokens[:-1] for text, tokens in batch]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
        hidden = model.model(ids, attention_mask=mask).last_hidden_state
        for row, (i, (text, tokens)) in enumerate(zip(order[start : start + size], batch)):
            states = hidden[row, len(text) - 1 : len(text) - 1 + len(tokens)]
            scores = model.lm_head(states).log_softmax(-1)
            sums[i] = scores.gather(1, torch.tensor(tokens)[:, None]).sum().item()
    return sums


@torch.inference_mode()
def main():
    args = arguments()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    for line in sys.stdin:
        request = json.loads(line)
        start, used = time.perf_counter(), time.process_time()
        sums = log_likelihoods(model, request["items"], request["batch"])
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
        print(json.dumps(dict(seconds=seconds, cpu_seconds=cpu, sums=sums)), flush=True)


if __name__ == "__main__":
    main()
