"""What transformers makes of a few sentences with all-MiniLM-L6-v2, for test/fixtures/minilm/.

    python scripts/reference/minilm_fixture.py FOLDER_OF_ALL_MINILM_L6_V2

expected.safetensors holds the padded batch and every eighth feature of its last hidden states, which has some of each
head's; expected.json the texts, so that our tokenizer can make the batch too. The arithmetic is float64, as in the other
fixtures; `float32_deviation` is how far transformers itself is from it in float32.
"""
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModel, AutoTokenizer

FIXTURE = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "minilm"
EVERY = 8
TEXTS = [
    ["a charming and often affecting journey"],
    ["Unpretentious, warm; a little long, perhaps."],
    ["Is the museum open on Mondays?", "The museum is closed on the first day of the week."],
    [""],
    [
        "The ferry left the harbour before sunrise, rounded the lighthouse while the gulls were still asleep on its rail, "
        "and reached the island just as the bakery put out its first loaves."
    ],
]


def hidden_states(folder: str, dtype: torch.dtype, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    model = AutoModel.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()
    with torch.no_grad():
        return model(**batch).last_hidden_state[..., ::EVERY].double()


if __name__ == "__main__":
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    folder = sys.argv[1]
    firsts, seconds = zip(*[(text[0], text[1] if len(text) > 1 else None) for text in TEXTS])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoded = [tokenizer(first, second) for first, second in zip(firsts, seconds)]
    batch = dict(tokenizer.pad(encoded, return_tensors="pt"))
    exact = hidden_states(folder, torch.float64, batch)
    deviation = (hidden_states(folder, torch.float32, batch) - exact).abs().max().item()
    FIXTURE.mkdir(parents=True, exist_ok=True)
    save_file(batch | {"last_hidden_state": exact.float().contiguous()}, FIXTURE / "expected.safetensors")
    notes = {
        "transformers": transformers.__version__,
        "torch": torch.__version__.partition("+")[0],
        "every": EVERY,
        "float32_deviation": deviation,
        "texts": TEXTS,
    }
    (FIXTURE / "expected.json").write_text(json.dumps(notes, indent=2) + "\n")
    print(f"{list(exact.shape)} numbers up to {exact.abs().max().item():.3f}, float32 within {deviation:.1e}")
