"""Work and memory of cross_entropy of linear, forward and backward, over a large vocabulary, as JSON."""
import argparse
import json
import statistics
import time

import torch
from torch.nn.functional import cross_entropy, linear

import memory


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", choices=["frozen", "trained"])
    for name, default in {"tokens": 1024, "vocabulary": 49152, "width": 576, "steps": 3, "threads": 2}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def main():
    args = arguments()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    drawn = lambda *shape: torch.rand(*shape) * 0.4 - 0.2
    trained = args.table == "trained"
    hidden = drawn(args.tokens, args.width).requires_grad_()
    table = drawn(args.vocabulary, args.width).requires_grad_(trained)
    bias = drawn(args.vocabulary).requires_grad_(trained)
    labels = torch.randint(args.vocabulary, (args.tokens,))
    memory.restart_peak()
    before = memory.peak_mib()
    work, peaks = [], []
    for _ in range(args.steps):
        hidden.grad = table.grad = bias.grad = None
        start = time.process_time()
        cross_entropy(linear(hidden, table, bias), labels).backward()
        work.append(time.process_time() - start)
        peaks.append(memory.peak_mib() - before)
    print(json.dumps(dict(cpu_seconds=statistics.median(work), first_mib=peaks[0], last_mib=peaks[-1])))


if __name__ == "__main__":
    main()
