"""Adapters exported by rocoft, loaded by peft: both must give the same logits.

Each method that peft has a type for, and what is written as LoRA. Needs `npm run build`.

    python peft_check.py [--only NAME]
"""
from pathlib import Path

import torch
from exported import Case, check
from peft import PeftModel
from peft_fixture import with_past
from transformers import AutoModelForSequenceClassification

ALL = "--target_modules all-linear"


def peft(model: str, flags: str) -> Case:
    return Case(model, flags, "peft")


def lora(model: str, flags: str) -> Case:
    return Case(model, flags, "lora")


CASES = {
    "lora": peft("roberta", "--method lora --rank 2"),
    "lora all": peft("bert", f"--method lora --rank 3 --lora_alpha 5 {ALL}"),
    "rslora": peft("bert", f"--method lora --rank 3 --use_rslora {ALL}"),
    "dora": peft("roberta", "--method lora --rank 2 --use_dora --layers_to_transform 1"),
    "pissa": peft("roberta", "--method lora --rank 2 --init_lora_weights pissa"),
    "pissa rslora": peft("bert", f"--method lora --rank 3 --init_lora_weights pissa --use_rslora {ALL}"),
    "adalora": peft("bert", "--method adalora --init_r 3 --target_r 2"),
    "adalora pruned": peft("roberta", "--method adalora --init_r 4 --target_r 1 --tfinal 4"),
    "vera": peft("roberta", f"--method vera --rank 4 {ALL}"),
    "ia3": peft("bert", "--method ia3"),
    "ln_tuning": peft("roberta", "--method ln_tuning"),
    "shira": peft("bert", "--method shira --rank 2"),
    "prompt_tuning": peft("bert", "--method prompt_tuning --num_virtual_tokens 2"),
    "prompt_tuning roberta": peft("roberta", "--method prompt_tuning --num_virtual_tokens 2"),
    "p_tuning": peft("roberta", "--method p_tuning --num_virtual_tokens 2"),
    "p_tuning lstm": peft(
        "bert", "--method p_tuning --num_virtual_tokens 2 --encoder_reparameterization_type LSTM --encoder_num_layers 2"
    ),
    "prefix_tuning": peft("bert", "--method prefix_tuning --num_virtual_tokens 2"),
    "prefix_tuning projection": peft("roberta", "--method prefix_tuning --num_virtual_tokens 2 --prefix_projection"),
    "rocoft rows": lora("roberta", "--rank 3 --select random"),
    "rocoft columns": lora("bert", "--update column --rank 2 --select last"),
    "rocoft both": lora("bert", "--update both --rank 2"),
    "lora_xs": lora("roberta", "--method lora_xs --rank 3"),
}


def logits_of_peft(model: Path, adapter: Path, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    base = with_past(AutoModelForSequenceClassification.from_pretrained(model, attn_implementation="eager").eval())
    adapted = PeftModel.from_pretrained(base, adapter).eval()
    with torch.no_grad():
        return adapted(**batch).logits


if __name__ == "__main__":
    check(CASES, logits_of_peft)
