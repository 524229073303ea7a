"""Adapters exported by rocoft, loaded by the library adapters: both must give the same logits.

In the environment of adapters_fixture.py. Needs `npm run build`.

    python adapters_check.py [--only NAME]
"""
from pathlib import Path

import adapters
import torch
from exported import Case, check
from transformers import AutoModelForSequenceClassification

CASES = {
    name: Case(model, f"--method {flags}", "adapters")
    for name, model, flags in [
        ("houlsby", "bert", "houlsby --bottleneck_size 5"),
        ("houlsby roberta", "roberta", "houlsby --bottleneck_size 4 --layers_to_transform 1"),
        ("pfeiffer", "roberta", "pfeiffer --reduction_factor 4"),
        ("pfeiffer bert", "bert", "pfeiffer --reduction_factor 3"),
        ("parallel", "bert", "parallel_adapter --bottleneck_size 6 --scaling 2"),
        ("parallel learned", "roberta", "parallel_adapter --scaling learned"),
    ]
}


def logits_of_adapters(model: Path, adapter: Path, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    adapted = AutoModelForSequenceClassification.from_pretrained(model, attn_implementation="eager")
    adapters.init(adapted)
    adapted.set_active_adapters(adapted.load_adapter(str(adapter), use_safetensors=True))
    with torch.no_grad():
        return adapted.eval()(**batch).logits


if __name__ == "__main__":
    check(CASES, logits_of_adapters)
