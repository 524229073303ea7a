"""Writes test/fixtures/kernel-classifiers.json: kernels of random Jacobians, and what scikit-learn and scipy learn from them.

    python scripts/reference/kernel_classifiers_fixture.py

Each case has the Jacobians [inputs, outputs, parameters] of training and test inputs, from which the kernels follow, labels
that a linear model gives with some noise, and for each classifier its scores for the test inputs. Kernel logistic regression
is solved in the space of parameters, where it is a plain logistic regression on the Jacobian.
"""

import json
import warnings
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

warnings.simplefilter("ignore")
random = np.random.default_rng(0)
RELATIVE = [10.0 ** k for k in range(2, -7, -1)]


def kernel(rows, columns):
    return np.einsum("iap,jbp->iajb", rows, columns)


def flat(k):
    return k.reshape(k.shape[0] * k.shape[1], -1)


def difference(jacobian, a, b):
    """The Jacobian of f_a − f_b; one output is f_1 − f_0."""
    return -jacobian[:, 0] if jacobian.shape[1] == 1 else jacobian[:, a] - jacobian[:, b]


def scale(train, classes):
    pairs = [(a, b) for a in range(classes) for b in range(a)]
    return np.mean([(difference(train, a, b) ** 2).sum(1).mean() for a, b in pairs])


def drawn(counts, outputs, parameters, noise, size, common=0.0):
    """A problem whose labels follow the outputs of one linear model with noise, with so many inputs of each class."""
    classes = len(counts)
    theta = random.normal(size=parameters)
    kept = {c: [] for c in range(classes)}
    while any(len(kept[c]) < counts[c] for c in range(classes)):
        jacobian = random.normal(size=(outputs, parameters)) + common * random.normal(size=parameters)
        f = jacobian @ theta + noise * random.normal(size=outputs)
        label = int(f[0] > 0) if outputs == 1 else int(f.argmax())
        if len(kept[label]) < counts[label]:
            kept[label].append(jacobian)
    labels = random.permutation(np.repeat(np.arange(classes), counts))
    train = np.stack([kept[c].pop() for c in labels]) * size
    test = (random.normal(size=(7, outputs, parameters)) + common * random.normal(size=(7, 1, parameters))) * size
    return train.round(4), test.round(4), labels


def targets(labels, outputs, classes):
    if outputs == 1:
        return 2.0 * labels[:, None] - 1
    return np.eye(classes)[labels] - 1 / classes


def ridge(train, test, y, strength):
    machine = KernelRidge(alpha=strength, kernel="precomputed")
    machine.fit(flat(kernel(train, train)), y.reshape(-1))
    return machine.predict(flat(kernel(test, train))).reshape(len(test), -1)


def logistic(train, test, labels, strength, initial):
    """min over θ of mean cross-entropy(f0 + J·θ) + λ/2·‖θ‖²."""
    n, outputs, parameters = train.shape

    def losses(theta):
        f = train @ theta + initial
        if outputs == 1:
            f = np.concatenate([0 * f, f], 1)
        p = np.exp(log_softmax(f, axis=1))
        g = p - np.eye(f.shape[1])[labels]
        value = (logsumexp(f, axis=1) - f[np.arange(n), labels]).mean() + strength / 2 * theta @ theta
        jacobian = train if outputs > 1 else np.concatenate([0 * train, train], 1)
        gradient = np.einsum("iap,ia->p", jacobian, g) / n + strength * theta
        w = np.einsum("ia,ab->iab", p, np.eye(p.shape[1])) - np.einsum("ia,ib->iab", p, p)
        hessian = np.einsum("iap,iab,ibq->pq", jacobian, w, jacobian) / n + strength * np.eye(parameters)
        return value, gradient, hessian

    found = minimize(
        lambda t: losses(t)[:2], np.zeros(parameters), jac=True, hess=lambda t: losses(t)[2], method="trust-exact",
        options={"gtol": 1e-13, "maxiter": 1000},
    )
    theta = found.x
    for _ in range(3):
        _, gradient, hessian = losses(theta)
        theta = theta - np.linalg.solve(hessian, gradient)
    return test @ theta


def duels(train, test, labels, classes, cost):
    """Decisions of the machine of each pair a < b, positive for a."""
    decisions = []
    for a in range(classes):
        for b in range(a + 1, classes):
            own = (labels == a) | (labels == b)
            j, t = difference(train, a, b), difference(test, a, b)
            machine = SVC(C=cost, kernel="precomputed", tol=1e-10).fit(j[own] @ j[own].T, labels[own] == a)
            decisions.append(machine.decision_function(t @ j[own].T))
    return np.stack(decisions)


def winners(decisions, classes):
    votes = np.zeros((decisions.shape[1], classes))
    sums = np.zeros_like(votes)
    pairs = [(a, b) for a in range(classes) for b in range(a + 1, classes)]
    for (a, b), decision in zip(pairs, decisions):
        votes[:, a] += decision > 0
        votes[:, b] += decision <= 0
        sums[:, a] += decision
        sums[:, b] -= decision
    return (votes + sums / (3 * (np.abs(sums) + 1))).argmax(1)


def chosen(labels, grid, predict):
    """Mean accuracy of each value over stratified folds."""
    folds = list(StratifiedKFold(min(5, np.bincount(labels).min())).split(labels, labels))
    return [float(np.mean([(predict(train, test, value) == labels[test]).mean() for train, test in folds])) for value in grid]


def classes_of(scores):
    return (scores[:, 0] > 0).astype(int) if scores.shape[1] == 1 else scores.argmax(1)


def rows_of(train, test, labels):
    """Features and targets of the published recipe: f_1 − f_0 of one or two outputs, pairs of inputs and outputs of more."""
    outputs = train.shape[1]
    if outputs == 2:
        train, test = train[:, 1:] - train[:, :1], test[:, 1:] - test[:, :1]
    y = labels if outputs <= 2 else np.eye(outputs, dtype=int)[labels].reshape(-1)
    return flat(kernel(train, train)), flat(kernel(test, train)), y


def case(name, counts, outputs, parameters, noise, size, strengths, **more):
    train, test, labels = drawn(counts, outputs, parameters, noise, size, **more)
    classes = len(counts)
    unit = scale(train, classes)
    y = targets(labels, outputs, classes)
    zero = np.zeros((len(train), outputs))
    initial, initial_test = (random.normal(size=(len(x), outputs)).round(3) for x in (train, test))
    features, features_test, binary = rows_of(train, test, labels)
    published = LogisticRegressionCV(max_iter=10000, random_state=0).fit(features, binary)
    exact = LogisticRegressionCV(max_iter=1000000, random_state=0, tol=1e-13, solver="newton-cholesky").fit(features, binary)
    assert published.C_ == exact.C_, name
    return {
        "name": name,
        "classes": classes,
        "outputs": outputs,
        "train": train.tolist(),
        "test": test.tolist(),
        "labels": labels.tolist(),
        "initial": initial.tolist(),
        "initial_test": initial_test.tolist(),
        "folds": [int(k) for k in StratifiedKFold(3)._make_test_folds(None, labels)],
        "scale": unit,
        "strengths": strengths,
        "ridge": [ridge(train, test, y, s * unit).tolist() for s in strengths],
        "ridge_initial": [(ridge(train, test, y - initial, s * unit) + initial_test).tolist() for s in strengths],
        "ridge_validation": chosen(labels, RELATIVE, lambda i, j, s: classes_of(ridge(train[i], train[j], y[i], s * unit))),
        "logistic": [logistic(train, test, labels, s * unit, zero).tolist() for s in strengths],
        "logistic_initial": [
            (logistic(train, test, labels, s * unit, initial) + initial_test).tolist() for s in strengths
        ],
        "logistic_validation": chosen(
            labels, RELATIVE[1:], lambda i, j, s: classes_of(logistic(train[i], train[j], labels[i], s * unit, zero[i]))
        ),
        "svm": [duels(train, test, labels, classes, 1 / (s * unit)).tolist() for s in strengths],
        "svm_validation": chosen(
            labels, RELATIVE[:7], lambda i, j, s: winners(duels(train[i], train[j], labels[i], classes, 1 / (s * unit)), classes)
        ),
        "rows_C": float(exact.C_[0]),
        "rows_validation": exact.scores_[1].mean(0).tolist(),
        "rows_log_odds": exact.decision_function(features_test).tolist(),
        "rows_published_log_odds": published.decision_function(features_test).tolist(),
        "rows_log_probabilities": exact.predict_log_proba(features_test).tolist(),
        "rows_log_odds_of_C": {
            str(c): LogisticRegression(C=c, max_iter=1000000, tol=1e-13, solver="newton-cholesky")
            .fit(features, binary).decision_function(features_test).tolist()
            for c in (0.01, 1.0)
        },
    }


cases = [
    case("one output", [11, 13], 1, 10, 1.5, 1.0, [1.0, 0.01, 1e-4]),
    case("two outputs", [9, 8], 2, 12, 0.8, 0.1, [1.0, 0.01, 1e-4]),
    case("three outputs", [8, 7, 9], 3, 15, 1.0, 0.3, [1.0, 0.01, 1e-4], common=3.0),
]


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    return [rounded(entry) for entry in value] if isinstance(value, list) else value


path = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "kernel-classifiers.json"
path.write_text("[\n" + ",\n".join(json.dumps(rounded(one)) for one in cases) + "\n]\n")
