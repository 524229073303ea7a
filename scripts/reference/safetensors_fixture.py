"""Writes test/fixtures/safetensors/: a file by the reference library with every dtype, and its values as text.

    python scripts/reference/safetensors_fixture.py
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

INF = float("inf")
FLOATS = [0.0, -0.0, 1.0, -2.5, 0.1, 3.141592653589793, 6.1e-5, 6e-8, 65504.0, 1e-40, INF, -INF, float("nan")]

tensors = {
    "f64": torch.tensor(FLOATS, dtype=torch.float64),
    "f32": torch.tensor(FLOATS, dtype=torch.float32),
    "f16": torch.tensor(FLOATS, dtype=torch.float16),
    "bf16": torch.tensor(FLOATS, dtype=torch.bfloat16),
    "i64": torch.tensor([[-(2**63), -1], [2**53 + 1, 2**63 - 1]], dtype=torch.int64),
    "i32": torch.tensor([-(2**31), 0, 2**31 - 1], dtype=torch.int32),
    "i16": torch.tensor([[[-(2**15)]], [[2**15 - 1]]], dtype=torch.int16),
    "i8": torch.tensor([-128, 0, 127], dtype=torch.int8),
    "u64": torch.tensor([0, 2**53 + 1, 2**64 - 1], dtype=torch.uint64),
    "u32": torch.tensor([0, 2**32 - 1], dtype=torch.uint32),
    "u16": torch.tensor([0, 2**16 - 1], dtype=torch.uint16),
    "u8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([[True, False, True]]),
    "scalar": torch.tensor(-1.5, dtype=torch.float32),
    "scalar.bf16": torch.tensor(-1.5, dtype=torch.bfloat16),
    "empty": torch.zeros((0,), dtype=torch.float32),
    "empty.rows": torch.zeros((3, 0, 2), dtype=torch.float16),
    'naïve "名前"\n': torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "zeta": torch.arange(3, dtype=torch.float32),
    "Alpha": torch.arange(2, dtype=torch.float32),
}

SPELLING = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN", "True": "1", "False": "0"}


def as_text(tensor):
    """Each value as JavaScript's Number or BigInt reads it, without loss."""
    return [SPELLING.get(repr(value), repr(value)) for value in tensor.flatten().tolist()]


folder = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "safetensors"
folder.mkdir(parents=True, exist_ok=True)
save_file(tensors, folder / "dtypes.safetensors", metadata={"format": "pt"})
described = [
    json.dumps(
        {"name": name, "dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "values": as_text(tensor)}
    )
    for name, tensor in tensors.items()
]
(folder / "dtypes.json").write_text("[\n  " + ",\n  ".join(described) + "\n]\n")
