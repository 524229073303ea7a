"""The buckets that DeBERTa's second version counts distances in, by transformers, for test/fixtures/distance-buckets.json."""
import json
from pathlib import Path

import torch
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

FILE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "distance-buckets.json"
# Numbers of buckets and the distances they are made for: DeBERTa-v3's, and odd ones.
SIZES = [(256, 512), (2, 16), (4, 16), (7, 33), (32, 128), (64, 24), (255, 300)]

if __name__ == "__main__":
    cases = [
        {"buckets": buckets, "limit": limit, "of": make_log_bucket_position(torch.arange(limit), buckets, limit).long().tolist()}
        for buckets, limit in SIZES
    ]
    lines = ",\n".join(json.dumps(case) for case in cases)
    FILE.write_text(f"[\n{lines}\n]\n")
