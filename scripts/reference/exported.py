"""What peft_check.py and adapters_check.py share: a tiny model is fine-tuned and exported by rocoft, and another library asked
about the same texts. Needs `npm run build`; writes nothing but a temporary folder."""
import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, utils

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4
WORDS = [f"w{i}" for i in range(30)]
TEXTS = ["w1", "w2 w3 w4", "w5 w6 w7 w8 w9", "w10 w29"]
LABELS = {"bert": 3, "roberta": 2}
SPECIAL = {
    "bert": {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]"},
    "roberta": {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "<unk>"},
}
TRAINING = "--max_steps 12 --learning_rate 0.02 --warmup_steps 0 --max_seq_length 7 --eval_steps 12 --threads 1"


@dataclass
class Case:
    model: str
    flags: str
    format: str


# The logits that the other library gives for a batch, by the folders of the base model and of the adapter.
Logits = Callable[[Path, Path, dict[str, torch.Tensor]], torch.Tensor]


def rocoft(*args: str) -> str:
    done = subprocess.run(["node", str(ROOT / "bin" / "rocoft.js"), *args], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(args)}: {done.stderr.strip()}")
    return done.stdout


def make_model(folder: Path, family: str) -> None:
    """A fixture checkpoint with a tokenizer of whole words."""
    shutil.copytree(ROOT / "test" / "fixtures" / "models" / f"{family}-classification", folder)
    special = SPECIAL[family]
    vocabulary = {token: i for i, token in enumerate([*special.values(), *WORDS])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=special["unk"]))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cls, sep = special["cls"], special["sep"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{cls}:0 $A:0 {sep}:0",
        pair=f"{cls}:0 $A:0 {sep}:0 $B:1 {sep}:1",
        special_tokens=[(token, vocabulary[token]) for token in (cls, sep)],
    )
    tokenizer.add_special_tokens(list(special.values()))
    tokenizer.save(str(folder / "tokenizer.json"))


def make_data(file: Path, labels: int) -> None:
    draw = random.Random(0)
    rows = [" ".join(draw.choices(WORDS, k=draw.randint(1, 5))) for _ in range(40)]
    file.write_text("text,label\n" + "".join(f"{row},{i % labels}\n" for i, row in enumerate(rows)))


def batch_of(model: Path, family: str) -> dict[str, torch.Tensor]:
    special = {f"{name}_token": token for name, token in SPECIAL[family].items()}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(model / "tokenizer.json"), **special)
    return dict(tokenizer(TEXTS, return_tensors="pt", padding=True, return_token_type_ids=family == "bert"))


def logits_of_rocoft(*source: str) -> torch.Tensor:
    answers = json.loads(rocoft("predict", *source, "--json", "--text", *TEXTS))
    return torch.tensor([answer["logits"] for answer in answers])


def difference(name: str, case: Case, folder: Path, logits: Logits) -> float:
    """The largest difference of two logits."""
    model, run, adapter = folder / case.model, folder / "runs" / name, folder / "adapters" / name
    given = [*case.flags.split(), *TRAINING.split(), "--data", str(folder / f"{case.model}.csv"), "--model", str(model)]
    rocoft("train", *given, "--output_dir", str(run))
    rocoft("export", str(run), str(adapter), "--format", case.format)
    ours = logits_of_rocoft(str(run))
    if (ours - logits_of_rocoft("--model", str(model))).abs().max() < 0.01:
        raise RuntimeError(f"{name}: training changed nothing")
    return (ours - logits(model, adapter, batch_of(model, case.model))).abs().max().item()


def check(cases: dict[str, Case], logits: Logits) -> None:
    """Checks all cases, or the one that the command line names; exit code 1 where a difference is above 1e-4."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=list(cases))
    only = parser.parse_args().only
    warnings.filterwarnings("ignore")
    utils.logging.set_verbosity_error()
    utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    worst = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for family, labels in LABELS.items():
            make_model(folder / family, family)
            make_data(folder / f"{family}.csv", labels)
        for name in [only] if only else cases:
            found = difference(name, cases[name], folder, logits)
            worst = max(worst, found)
            print(f"{name}: {found:.1e}", flush=True)
    sys.exit(0 if worst <= TOLERANCE else 1)
