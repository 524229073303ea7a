"""Loss and gradients of language modelling in PyTorch, for test/fixtures/language-models/.

Starts from the checkpoints bert-mlm and roberta-mlm that models_fixture.py wrote. `causal` reads them by transformers'
classes for decoders (is_decoder=True, the same weights) and asks for the next token everywhere; `masked` asks for some
tokens of sequences in which they are masked, replaced or kept. Each case is a file: the batch, labels with -100 where
nothing is asked, the loss, and the gradient of every parameter.
The weights are those of the file; the arithmetic is float64, so that a difference is the tested code's own rounding.
"""
import shutil
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from transformers import BertForMaskedLM, BertLMHeadModel, PreTrainedModel, RobertaForCausalLM, RobertaForMaskedLM

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures"
CLASSES: dict[str, dict[str, type[PreTrainedModel]]] = {
    "bert-mlm": {"masked": BertForMaskedLM, "causal": BertLMHeadModel},
    "roberta-mlm": {"masked": RobertaForMaskedLM, "causal": RobertaForCausalLM},
}
LENGTHS = (5, 8, 3)
IGNORED = -100
MASK_TOKEN = 4  # any token that is no padding would do: these vocabularies have no words
ASKED = {0: [1], 1: [2, 3, 6], 2: []}  # positions by row; the second row's are masked, kept and replaced, in turn

Batch = dict[str, torch.Tensor]


def sequences(name: str, config: transformers.PreTrainedConfig) -> dict[str, np.ndarray]:
    """Three sequences of 5, 8 and 3 tokens, padded on the right."""
    draw = np.random.default_rng(zlib.crc32(f"language models {name}".encode()))
    words = [word for word in range(config.vocab_size) if word not in (config.pad_token_id, MASK_TOKEN)]
    mask = (np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]).astype(np.int64)
    batch = {"input_ids": np.where(mask, draw.choice(words, mask.shape), config.pad_token_id), "attention_mask": mask}
    if config.type_vocab_size > 1:
        batch["token_type_ids"] = mask * draw.integers(0, config.type_vocab_size, mask.shape)
    return batch


def causal(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """transformers moves the labels by one itself."""
    return batch | {"labels": np.where(batch["attention_mask"], batch["input_ids"], IGNORED)}


def masked(batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    ids, labels = batch["input_ids"].copy(), np.full_like(batch["input_ids"], IGNORED)
    for row, positions in ASKED.items():
        labels[row, positions] = ids[row, positions]
    ids[0, 1] = ids[1, 2] = MASK_TOKEN
    ids[1, 6] = ids[0, 0]
    assert ids[1, 6] != labels[1, 6], "a replaced token should be another one"
    return batch | {"input_ids": ids, "labels": labels}


def write_case(name: str, kind: str) -> None:
    model = CLASSES[name][kind].from_pretrained(
        FIXTURES / "models" / name, dtype=torch.float64, attn_implementation="eager", is_decoder=kind == "causal"
    ).eval()
    arrays = {"masked": masked, "causal": causal}[kind](sequences(name, model.config))
    batch = {key: torch.from_numpy(value) for key, value in arrays.items()}
    assert looks_ahead(model, batch) == (kind == "masked")
    loss = model(**batch).loss
    loss.backward()
    expected = batch | {"loss": loss.detach().float()}
    expected |= {f"grad.{key}": parameter.grad.float() for key, parameter in model.named_parameters()}
    save_file(expected, FIXTURES / "language-models" / name / f"{kind}.safetensors")
    print(f"{name} {kind}: {type(model).__name__}, loss {loss.item():.6f}")


@torch.no_grad()
def looks_ahead(model: PreTrainedModel, batch: Batch) -> bool:
    """Whether what is said at the first position depends on the second token."""
    changed = batch["input_ids"].clone()
    changed[:, 1] = (changed[:, 1] + 1) % model.config.vocab_size
    before, after = model(**batch).logits, model(**batch | {"input_ids": changed}).logits
    return not torch.equal(before[:, 0], after[:, 0])


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    shutil.rmtree(FIXTURES / "language-models", ignore_errors=True)
    for name, classes in CLASSES.items():
        (FIXTURES / "language-models" / name).mkdir(parents=True)
        for kind in classes:
            write_case(name, kind)
