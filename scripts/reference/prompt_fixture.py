"""Classification by the words of a prompt in PyTorch, for test/fixtures/prompts/.

Starts from the checkpoints bert-mlm and roberta-mlm that models_fixture.py wrote. Each sequence holds the mask token once; the logits
are the scores of three words there, as LM-BFF takes them (Gao et al. 2021), the loss is their cross-entropy. Of each model there are
the logits, the loss and the gradient of every parameter for the first batch, and twenty steps of training as in training/: all of the
weights, or rows. The head of the language model is trained only where everything is.
"""
import shutil
import zlib
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from training_fixture import BATCH, CASES, FIXTURES, LONGEST, SHORTEST, STEPS, Batch, train, write_curve
from transformers import AutoModelForMaskedLM, PreTrainedModel

MODELS = ("bert-mlm", "roberta-mlm")
KINDS = ("full", "rows")
MASK_TOKEN = 4  # any token that is no padding would do: these vocabularies have no words
WORDS = [30, 7, 11]


def batches(name: str, config: transformers.PreTrainedConfig) -> list[Batch]:
    """Each is padded on the right to its own longest row."""
    draw = np.random.default_rng(zlib.crc32(f"prompts {name}".encode()))
    words = [word for word in range(config.vocab_size) if word not in (config.pad_token_id, MASK_TOKEN)]
    made = []
    for _ in range(STEPS):
        lengths = draw.integers(SHORTEST, LONGEST + 1, BATCH)
        mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
        ids = np.where(mask, draw.choice(words, mask.shape), config.pad_token_id)
        ids[np.arange(BATCH), draw.integers(0, lengths)] = MASK_TOKEN
        batch = {"input_ids": ids, "attention_mask": mask}
        if config.type_vocab_size > 1:
            batch["token_type_ids"] = mask * draw.integers(0, config.type_vocab_size, mask.shape)
        batch["labels"] = draw.integers(0, len(WORDS), BATCH)
        made.append({key: torch.from_numpy(value) for key, value in batch.items()})
    return made


def language_model(name: str, dtype: torch.dtype) -> PreTrainedModel:
    folder = FIXTURES / "models" / name
    return AutoModelForMaskedLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()


def word_scores(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    scores = model(**{key: value for key, value in batch.items() if key != "labels"}).logits
    rows, positions = (batch["input_ids"] == MASK_TOKEN).nonzero(as_tuple=True)
    assert rows.tolist() == list(range(BATCH))
    return scores[rows, positions][:, WORDS]


def loss_of(model: PreTrainedModel, batch: Batch) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(word_scores(model, batch), batch["labels"])


def write_gradients(folder: Path, name: str, batch: Batch) -> None:
    model = language_model(name, torch.float64)
    loss = loss_of(model, batch)
    loss.backward()
    expected = {"logits": word_scores(model, batch).detach().float(), "loss": loss.detach().float()}
    expected |= {f"grad.{key}": parameter.grad.float() for key, parameter in model.named_parameters()}
    save_file({key: value.contiguous() for key, value in expected.items()}, folder / "gradients.safetensors")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    shutil.rmtree(FIXTURES / "prompts", ignore_errors=True)
    for name in MODELS:
        folder = FIXTURES / "prompts" / name
        folder.mkdir(parents=True)
        data = batches(name, transformers.AutoConfig.from_pretrained(FIXTURES / "models" / name))
        tensors = {f"{i}.{key}": value for i, batch in enumerate(data) for key, value in batch.items()}
        save_file(tensors, folder / "batches.safetensors")
        write_gradients(folder, name, data[0])
        for kind in KINDS:
            case = CASES[kind]
            write_curve(
                folder, name, kind, case, lambda dtype: train(language_model(name, dtype), data, case, loss_of)
            )
