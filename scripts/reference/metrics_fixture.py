"""Writes test/fixtures/metrics.json: random labels and predictions with the scores scikit-learn and scipy give them.

    python scripts/reference/metrics_fixture.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

random = np.random.default_rng(0)


def classification(classes, n, agreement):
    """Labels of unequal frequency, and predictions that repeat them with probability `agreement`."""
    weights = random.dirichlet(np.ones(len(classes)))
    labels = random.choice(classes, n, p=weights)
    predictions = np.where(random.random(n) < agreement, labels, random.choice(classes, n))
    expected = {
        "accuracy": accuracy_score(labels, predictions),
        "f1_macro": f1_score(labels, predictions, average="macro"),
        "matthews_correlation": matthews_corrcoef(labels, predictions),
    }
    if set(classes) == {0, 1}:
        expected["f1"] = f1_score(labels, predictions)
    return labels, predictions, expected


def regression(n, noise, digits):
    """Scores of 0…5 and noisy predictions; few `digits` make ties."""
    labels = random.uniform(0, 5, n).round(digits)
    predictions = (labels + noise * random.normal(size=n)).round(digits)
    expected = {"pearson": pearsonr(labels, predictions).statistic, "spearmanr": spearmanr(labels, predictions).statistic}
    return labels, predictions, expected


cases = [
    classification([0, 1], 40, 0.5),
    classification([0, 1], 60, 0.0),
    classification([0, 1, 2], 50, 0.6),
    classification([0, 2, 3, 7, 11], 50, 0.3),
    regression(20, 0.5, 6),
    regression(40, 2.0, 0),
    regression(40, 1.0, 1),
    regression(20, 20.0, 3),
]
path = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "metrics.json"
path.parent.mkdir(parents=True, exist_ok=True)
described = [
    json.dumps({"labels": labels.tolist(), "predictions": predictions.tolist(), "expected": {k: float(v) for k, v in expected.items()}})
    for labels, predictions, expected in cases
]
path.write_text("[\n  " + ",\n  ".join(described) + "\n]\n")
