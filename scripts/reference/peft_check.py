"""Adapters exported by rocoft, loaded by peft: both must give the same logits.

For each method that peft has a type for, and for RoCoFT written as LoRA: a tiny checkpoint of test/fixtures/models is fine-tuned
with `rocoft train`, exported with `rocoft export`, loaded by peft, and asked about the same texts. Needs `npm run build`.
Writes nothing but a temporary folder; leaves with exit code 1 where a difference is above 1e-4.

    python peft_check.py [--only NAME]
"""
import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import PeftModel
from peft_fixture import with_past
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast, utils

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4
WORDS = [f"w{i}" for i in range(30)]
SPECIAL = {
    "bert": {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]"},
    "roberta": {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "<unk>"},
}


@dataclass
class Case:
    model: str
    flags: str
    format: str = "peft"


ALL = "--target_modules all-linear"
CASES = {
    "lora": Case("roberta", "--method lora --rank 2"),
    "lora all": Case("bert", f"--method lora --rank 3 --lora_alpha 5 {ALL}"),
    "rslora": Case("bert", f"--method lora --rank 3 --use_rslora {ALL}"),
    "dora": Case("roberta", "--method lora --rank 2 --use_dora --layers_to_transform 1"),
    "pissa": Case("roberta", "--method lora --rank 2 --init_lora_weights pissa"),
    "pissa rslora": Case("bert", f"--method lora --rank 3 --init_lora_weights pissa --use_rslora {ALL}"),
    "adalora": Case("bert", "--method adalora --init_r 3 --target_r 2"),
    "adalora pruned": Case("roberta", "--method adalora --init_r 4 --target_r 1 --tfinal 4"),
    "vera": Case("roberta", f"--method vera --rank 4 {ALL}"),
    "ia3": Case("bert", "--method ia3"),
    "ln_tuning": Case("roberta", "--method ln_tuning"),
    "shira": Case("bert", "--method shira --rank 2"),
    "prompt_tuning": Case("bert", "--method prompt_tuning --num_virtual_tokens 2"),
    "prompt_tuning roberta": Case("roberta", "--method prompt_tuning --num_virtual_tokens 2"),
    "p_tuning": Case("roberta", "--method p_tuning --num_virtual_tokens 2"),
    "p_tuning lstm": Case(
        "bert", "--method p_tuning --num_virtual_tokens 2 --encoder_reparameterization_type LSTM --encoder_num_layers 2"
    ),
    "prefix_tuning": Case("bert", "--method prefix_tuning --num_virtual_tokens 2"),
    "prefix_tuning projection": Case("roberta", "--method prefix_tuning --num_virtual_tokens 2 --prefix_projection"),
    "rocoft rows": Case("roberta", "--rank 3 --select random", "lora"),
    "rocoft columns": Case("bert", "--update column --rank 2 --select last", "lora"),
    "rocoft both": Case("bert", "--update both --rank 2", "lora"),
    "lora_xs": Case("roberta", "--method lora_xs --rank 3", "lora"),
}


def rocoft(*args: str) -> str:
    command = ["node", str(ROOT / "bin" / "rocoft.js"), *args]
    done = subprocess.run(command, capture_output=True, text=True)
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


def logits_of_peft(model: Path, adapter: Path, texts: list[str]) -> torch.Tensor:
    base = with_past(AutoModelForSequenceClassification.from_pretrained(model, attn_implementation="eager").eval())
    adapted = PeftModel.from_pretrained(base, adapter).eval()
    special = {f"{name}_token": token for name, token in SPECIAL[base.config.model_type].items()}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(model / "tokenizer.json"), **special)
    batch = tokenizer(texts, return_tensors="pt", padding=True, return_token_type_ids=base.config.type_vocab_size > 1)
    with torch.no_grad():
        return adapted(**batch).logits


def check(name: str, folder: Path) -> float:
    """The largest difference of two logits."""
    case = CASES[name]
    run, adapter = folder / "runs" / name, folder / "adapters" / name
    model = folder / case.model
    training = "--max_steps 12 --learning_rate 0.02 --warmup_steps 0 --max_seq_length 7 --eval_steps 12 --threads 1"
    data = folder / f"{case.model}.csv"
    given = [*case.flags.split(), *training.split(), "--data", str(data), "--model", str(model)]
    rocoft("train", *given, "--output_dir", str(run))
    rocoft("export", str(run), str(adapter), "--format", case.format)
    texts = ["w1", "w2 w3 w4", "w5 w6 w7 w8 w9", "w10 w29"]
    answers = json.loads(rocoft("predict", str(run), "--json", "--text", *texts))
    ours = torch.tensor([answer["logits"] for answer in answers])
    plain = json.loads(rocoft("predict", "--model", str(model), "--json", "--text", *texts))
    if (ours - torch.tensor([answer["logits"] for answer in plain])).abs().max() < 0.01:
        raise RuntimeError(f"{name}: training changed nothing")
    return (ours - logits_of_peft(model, adapter, texts)).abs().max().item()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=list(CASES))
    only = parser.parse_args().only
    warnings.filterwarnings("ignore")
    utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    worst = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for family, labels in {"bert": 3, "roberta": 2}.items():
            make_model(folder / family, family)
            make_data(folder / f"{family}.csv", labels)
        for name in [only] if only else CASES:
            difference = check(name, folder)
            worst = max(worst, difference)
            print(f"{name}: {difference:.1e}", flush=True)
    sys.exit(0 if worst <= TOLERANCE else 1)


if __name__ == "__main__":
    main()
