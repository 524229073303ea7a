"""Greedy decoding by transformers: for each line of JSON {ids, tokens} on standard input a line {seconds, cpu_seconds, tokens}."""
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


@torch.inference_mode()
def main():
    args = arguments()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    for line in sys.stdin:
        request = json.loads(line)
        ids, count = torch.tensor([request["ids"]]), request["tokens"]
        start, used = time.perf_counter(), time.process_time()
        output = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=count,
            min_new_tokens=count,
            do_sample=False,
            num_beams=1,
        )
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
        print(json.dumps(dict(seconds=seconds, cpu_seconds=cpu, tokens=output[0, ids.shape[1] :].tolist())), flush=True)


if __name__ == "__main__":
    main()
