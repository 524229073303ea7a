"""Buckets of distances as T5 of transformers has them, for test/fixtures/relative-bias.json."""
import json
from pathlib import Path

import torch
from transformers.models.t5.modeling_t5 import T5Attention

TARGET = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "relative-bias.json"
FARTHEST = 320
CASES = [(32, 128), (8, 6), (6, 5), (4, 3), (64, 300), (33, 100)]


def buckets(count: int, max_distance: int, bidirectional: bool) -> list[int]:
    """Of every distance from -FARTHEST to FARTHEST, of the key behind the query."""
    distances = torch.arange(-FARTHEST, FARTHEST + 1)
    return T5Attention._relative_position_bucket(distances, bidirectional, count, max_distance).tolist()


if __name__ == "__main__":
    cases = [
        {"count": count, "maxDistance": most, "bidirectional": both, "buckets": buckets(count, most, both)}
        for count, most in CASES
        for both in (True, False)
    ]
    lines = ",\n".join(json.dumps(case) for case in cases)
    TARGET.write_text(f"[\n{lines}\n]\n")
