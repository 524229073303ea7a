"""Writes test/fixtures/kernel-measures.json: pairs of small kernels with what numpy makes of them by the published formulas.

    python scripts/reference/kernel_measures_fixture.py
"""

import json
from pathlib import Path

import numpy as np

random = np.random.default_rng(0)


def jacobian(n, outputs, parameters, common):
    """Gradients [n, outputs, parameters] that share a direction, as those of a pretrained model do."""
    return random.normal(size=(n, outputs, parameters)) + common * random.normal(size=(1, 1, parameters))


def kernel(rows, columns):
    """[n, outputs, m, outputs], rounded so that the file is short; what is measured are the rounded numbers."""
    return np.einsum("iap,jbp->iajb", rows, columns).round(4)


def flat(k):
    return k.reshape(k.shape[0] * k.shape[1], -1)


def trace_kernel(k):
    return np.einsum("iaja->ij", k)


def center(k):
    identity = [np.eye(n) - np.full((n, n), 1 / n) for n in k.shape]
    return identity[0] @ k @ identity[1]


def align(k, l):
    return np.vdot(k, l) / (np.linalg.norm(k) * np.linalg.norm(l))


def comparison(k, reference):
    k_flat, reference_flat = flat(k), flat(reference)
    unit, reference_unit = k_flat / np.linalg.norm(k_flat), reference_flat / np.linalg.norm(reference_flat)
    scale = np.linalg.lstsq(k_flat.reshape(-1, 1), reference_flat.reshape(-1), rcond=None)[0].item()
    return {
        "normalizedDistance": np.linalg.norm(unit - reference_unit),
        "scaledDistance": np.linalg.norm(reference_flat - scale * k_flat) / np.linalg.norm(reference_flat),
        "alignment": align(k_flat, reference_flat),
        "centeredAlignment": align(center(k_flat), center(reference_flat)),
        "centeredAlignmentOfTrace": align(center(trace_kernel(k)), center(trace_kernel(reference))),
    }


def description(k, labels):
    n, outputs = k.shape[:2]
    classes = max(labels) + 1
    y = np.eye(classes)[labels]
    y = y - y.mean(axis=0)
    over_inputs = y @ y.T
    over_pairs = np.outer(y.reshape(-1), y.reshape(-1)) if outputs == classes else over_inputs
    singular = np.linalg.svd(flat(k), compute_uv=False)
    shares = singular / singular.sum()
    shares = shares[shares > 0]
    return {
        "trace": np.trace(flat(k)),
        "effectiveRank": np.exp(-(shares * np.log(shares)).sum()),
        "participationRatio": singular.sum() ** 2 / (singular**2).sum(),
        "labelAlignment": align(center(flat(k)), center(over_pairs)),
        "labelAlignmentOfTrace": align(center(trace_kernel(k)), center(over_inputs)),
    }


def case(name, k, reference, labels=None):
    described = {"name": name, "shape": k.shape, "kernel": k.reshape(-1).tolist(), "reference": reference.reshape(-1).tolist()}
    described["relativeDistance"] = np.linalg.norm(flat(k) - flat(reference)) / np.linalg.norm(flat(reference))
    described["comparison"] = comparison(k, reference)
    if labels is not None:
        described["labels"] = labels
        described["classes"] = max(labels) + 1
        described["description"] = description(k, labels)
        described["eigenvalues"] = np.linalg.eigvalsh(flat(k))[::-1].tolist()
    return described


def floats(value):
    if isinstance(value, dict):
        return {key: floats(inner) for key, inner in value.items()}
    return float(value) if isinstance(value, np.floating) else value


binary = jacobian(6, 2, 30, 1.0)
three = jacobian(7, 3, 40, 2.0)
low_rank = jacobian(8, 2, 3, 0.5)
single = jacobian(6, 1, 20, 1.0)
signs = np.sign(binary)
moved = binary + 0.1 * random.normal(size=binary.shape)
inner, outer = jacobian(4, 2, 25, 1.0), jacobian(5, 2, 25, 1.0)
indefinite = (kernel(binary, binary) - 40 * np.eye(12).reshape(6, 2, 6, 2)).round(4)
cases = [
    case("a tenth of the parameters", kernel(binary[..., :3], binary[..., :3]), kernel(binary, binary), [0, 1, 0, 1, 1, 0]),
    case("three classes", kernel(three[..., :9], three[..., :9]), kernel(three, three), [0, 1, 2, 2, 1, 0, 0]),
    case("fewer parameters than inputs", kernel(low_rank, low_rank), kernel(low_rank + 1, low_rank + 1), [0, 0, 0, 1, 1, 1, 0, 1]),
    case("one output", kernel(single[..., :5], single[..., :5]), kernel(single, single), [0, 1, 2, 0, 1, 2]),
    case("gradients' signs", kernel(signs, signs), kernel(binary, binary), [1, 1, 1, 1, 0, 0]),
    case("after some steps", kernel(moved, moved), kernel(binary, binary), [1, 0, 0, 1, 0, 0]),
    case("indefinite", indefinite, kernel(binary, binary), [0, 1, 0, 1, 0, 1]),
    case("other inputs in the columns", kernel(inner[..., :6], outer[..., :6]), kernel(inner, outer)),
]
path = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "kernel-measures.json"
path.write_text("[\n  " + ",\n  ".join(json.dumps(floats(each)) for each in cases) + "\n]\n")
