"""The order in which transformers' LengthGroupedSampler would visit examples, for test/fixtures/batches.json."""
import json
import random
from pathlib import Path

import torch
import transformers
from transformers.trainer_pt_utils import get_length_grouped_indices

FIXTURE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "batches.json"

# Number of examples, batch size, longest length.
CASES = [(1, 4, 9), (7, 4, 9), (16, 4, 3), (50, 4, 20), (129, 8, 999), (450, 1, 9999), (900, 2, 64)]


def case(seed: int, count: int, batch_size: int, longest: int) -> dict:
    draw = random.Random(seed)
    lengths = [draw.randint(1, longest) for _ in range(count)]
    order = get_length_grouped_indices(lengths, batch_size, generator=torch.Generator().manual_seed(seed))
    permutation = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
    return {"batchSize": batch_size, "lengths": lengths, "permutation": permutation, "order": order}


if __name__ == "__main__":
    cases = [case(seed, *sizes) for seed, sizes in enumerate(CASES)]
    made_by = f'"made_by": "{Path(__file__).name}, transformers {transformers.__version__}"'
    lines = ",\n".join(json.dumps(made) for made in cases)
    FIXTURE.write_text(f'{{{made_by},\n"cases": [\n{lines}\n]}}\n')
