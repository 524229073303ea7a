"""Small bottleneck adapters that the library adapters wrote, with what the adapted model computes, for test/fixtures/adapter-hub/.

As peft_fixture.py, but for adapters 1.3.0, which wants transformers 4.57 and so an environment of its own:

    python3.11 -m venv ../adapters-env
    ../adapters-env/bin/pip install adapters==1.3.0 torch==2.15.0
"""
import json
import shutil
import zlib
from pathlib import Path

import adapters
import torch
import transformers
from adapters import BnConfig, DoubleSeqBnConfig, ParBnConfig, SeqBnConfig
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, PreTrainedModel

FIXTURES = Path(__file__).resolve().parents[2] / "test" / "fixtures"
MODELS = ("bert-classification", "roberta-classification")

CASES: dict[str, BnConfig] = {
    "houlsby": DoubleSeqBnConfig(reduction_factor=4, non_linearity="gelu"),
    "pfeiffer": SeqBnConfig(reduction_factor=5),
    "pfeiffer-layer": SeqBnConfig(reduction_factor=8, leave_out=[0]),
    "parallel": ParBnConfig(reduction_factor=2),
    "parallel-learned": ParBnConfig(reduction_factor=4, scaling="learned"),
}


def adapted_model(name: str, config: BnConfig, stream: torch.Generator) -> PreTrainedModel:
    """The model with an adapter whose numbers, and the head's, have 0.3·N(0, 1) added."""
    model = AutoModelForSequenceClassification.from_pretrained(FIXTURES / "models" / name, attn_implementation="eager")
    adapters.init(model)
    model.add_adapter("fixture", config=config)
    model.train_adapter("fixture")
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=stream))
    return model.eval()


def write_case(case: str, name: str) -> None:
    folder = FIXTURES / "adapter-hub" / case / name
    folder.mkdir(parents=True)
    seed = zlib.crc32(f"{case} {name}".encode())
    torch.manual_seed(seed)
    model = adapted_model(name, CASES[case], torch.Generator().manual_seed(seed))
    model.save_adapter(str(folder), "fixture", use_safetensors=True)
    for file in ("adapter_config.json", "head_config.json"):
        written = json.loads((folder / file).read_text())
        written["model_name"] = name
        (folder / file).write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")
    expected = load_file(FIXTURES / "models" / name / "expected.safetensors")
    inputs = {key: expected[key] for key in ("input_ids", "attention_mask", "token_type_ids") if key in expected}
    with torch.no_grad():
        logits = model.double()(**inputs).logits.float().contiguous()
    save_file(inputs | {"logits": logits}, folder / "expected.safetensors")
    print(f"{case} {name}: {sum(file.stat().st_size for file in folder.iterdir())} bytes")


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    shutil.rmtree(FIXTURES / "adapter-hub", ignore_errors=True)
    for case in CASES:
        for name in MODELS:
            write_case(case, name)
    versions = {"adapters": adapters.__version__, "transformers": transformers.__version__}
    (FIXTURES / "adapter-hub" / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")
