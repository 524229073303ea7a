"""What transformers makes of a few prompts with SmolLM2-135M-Instruct, for test/fixtures/smollm2.json.

    python scripts/reference/smollm2_fixture.py FOLDER_OF_SMOLLM2_135M_INSTRUCT

Of each prompt: its tokens, the logits after the last of them (those of the likeliest tokens and of some others, and the
logarithm of the sum of the exponentials of all), and the 100 tokens that follow when the likeliest is taken each time.
The arithmetic is float64; `float32_deviation` is how far transformers itself is from it in float32.
"""
import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

FIXTURE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "smollm2.json"
LIKELIEST, OTHERS, CONTINUATION = 25, 25, 100
PROMPTS = [
    "The capital of France is",
    "def fibonacci(n):\n    ",
    "A ferry carries 40 cars on each trip and makes 6 trips a day. In a week of 7 days the ferry carries",
]
QUESTION = [{"role": "user", "content": "Name three birds that cannot fly."}]


def load(folder: str, dtype: torch.dtype) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()


@torch.no_grad()
def last_logits(model: PreTrainedModel, ids: list[int]) -> torch.Tensor:
    return model(torch.tensor([ids])).logits[0, -1].double()


@torch.no_grad()
def greedy(model: PreTrainedModel, ids: list[int]) -> list[int]:
    """Whatever ends a text, the next token is taken, so that there are as many of each."""
    cache, read, taken = None, torch.tensor([ids]), []
    for _ in range(CONTINUATION):
        output = model(read, cache=cache, use_cache=True)
        cache, read = output.cache, output.logits[:, -1].argmax(-1, keepdim=True)
        taken.append(read.item())
    return taken


def expectation(model: PreTrainedModel, ids: list[int]) -> dict:
    logits = last_logits(model, ids)
    draw = np.random.default_rng(ids)
    entries = sorted({*logits.topk(LIKELIEST).indices.tolist(), *draw.integers(0, len(logits), OTHERS).tolist()})
    return {
        "ids": ids,
        "entries": entries,
        "logits": logits[entries].float().tolist(),
        "logsumexp": logits.logsumexp(0).item(),
        "continuation": greedy(model, ids),
    }


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    folder = sys.argv[1]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = [*PROMPTS, tokenizer.apply_chat_template(QUESTION, tokenize=False, add_generation_prompt=True)]
    model = load(folder, torch.float64)
    prompts = [{"text": text} | expectation(model, tokenizer(text)["input_ids"]) for text in texts]
    exact = [last_logits(model, prompt["ids"]) for prompt in prompts]
    single = load(folder, torch.float32)
    deviation = max((last_logits(single, prompt["ids"]) - logits).abs().max() for prompt, logits in zip(prompts, exact))
    content = {
        "transformers": transformers.__version__,
        "torch": torch.__version__.partition("+")[0],
        "scale": max(logits.abs().max() for logits in exact).item(),
        "float32_deviation": deviation.item(),
        "prompts": prompts,
    }
    FIXTURE.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    for prompt in prompts:
        print(repr(prompt["text"]), "→", repr(tokenizer.decode(prompt["continuation"])))
    print(f"logits up to {content['scale']:.1f}, float32 within {content['float32_deviation']:.1e}")
