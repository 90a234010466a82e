#!/usr/bin/env python3
"""Writes reference.json: data and what numpy, scipy, scikit-learn and statsmodels make of it.

    /usr/bin/python3 tests/core/metrics/make_reference.py
"""

import json
import os
import warnings

import numpy as np
import scipy.special
import scipy.stats
import sklearn.calibration
import sklearn.metrics as metrics
import statsmodels.stats.proportion

CLASSES = 5


def plain(value):
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, (int, np.integer)):
        return int(value)
    number = float(value)
    if np.isfinite(number):
        return number
    return "nan" if np.isnan(number) else "inf" if number > 0 else "-inf"


def regression(random):
    targets = np.round(random.normal(3, 2, 40), 3)
    predictions = np.round(targets + random.normal(0.4, 1, 40), 3)
    return {
        "predictions": predictions,
        "targets": targets,
        "mse": metrics.mean_squared_error(targets, predictions),
        "rmse": metrics.mean_squared_error(targets, predictions, squared=False),
        "mae": metrics.mean_absolute_error(targets, predictions),
        "mape": metrics.mean_absolute_percentage_error(targets, predictions),
        "r2": metrics.r2_score(targets, predictions),
        "explained_variance": metrics.explained_variance_score(targets, predictions),
        "max_error": metrics.max_error(targets, predictions),
        "huber_delta": 0.7,
        "huber": np.mean(scipy.special.huber(0.7, predictions - targets)),
    }


def binary(random):
    labels = (random.uniform(size=60) < 0.4).astype(int)
    probabilities = np.round(random.beta(2, 3, 60) * 0.6 + 0.4 * labels * random.uniform(size=60), 4)
    scores = np.round(random.normal(labels - 0.5, 1.2), 3)
    bins = 7
    rates, means = sklearn.calibration.calibration_curve(labels, probabilities, n_bins=bins)
    which = np.searchsorted(np.arange(1, bins) / bins, probabilities)
    counts = np.bincount(which, minlength=bins)
    used = counts > 0
    assert np.all(np.sort(means) == means) and len(means) == used.sum()
    return {
        "labels": labels,
        "probabilities": probabilities,
        "scores": scores,
        "log_loss": metrics.log_loss(labels, probabilities),
        "brier": metrics.brier_score_loss(labels, probabilities),
        "hinge": metrics.hinge_loss(labels, scores),
        "bin_counts": counts,
        "bin_hit_rates": rates,
        "bin_mean_probabilities": means,
        "ece": np.sum(counts[used] / 60 * np.abs(rates - means)),
    }


def multiclass(random):
    classes = random.integers(0, 4, 50)
    scores = np.round(random.normal(size=(50, 4)) + 1.5 * np.eye(4)[classes], 3)
    probabilities = scipy.special.softmax(scores, axis=1)
    return {
        "classes": classes,
        "scores": scores,
        "probabilities": probabilities,
        "log_loss": metrics.log_loss(classes, probabilities),
        "brier": np.mean(np.sum((probabilities - np.eye(4)[classes]) ** 2, axis=1)),
        "hinge": metrics.hinge_loss(classes, scores),
        "top_k": [metrics.top_k_accuracy_score(classes, scores, k=k) for k in (1, 2, 3)]
        + [1.0],
    }


def confusion(random):
    """Class 3 is predicted but never actual, class 4 does not occur at all."""
    actual = random.choice([0, 1, 2], 200, p=[0.5, 0.3, 0.2])
    predicted = np.where(random.uniform(size=200) < 0.6, actual, random.integers(0, 4, 200))
    result = {
        "actual": actual,
        "predicted": predicted,
        "matrix": metrics.confusion_matrix(actual, predicted, labels=range(CLASSES)),
        "accuracy": metrics.accuracy_score(actual, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(actual, predicted),
        "matthews": metrics.matthews_corrcoef(actual, predicted),
        "kappa": metrics.cohen_kappa_score(actual, predicted),
    }
    functions = {
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "f1": metrics.f1_score,
    }
    for name, function in functions.items():
        result[name] = {
            average: function(actual, predicted, average=average, zero_division=0)
            for average in ("micro", "macro", "weighted")
        }
        result[name]["classes"] = function(
            actual, predicted, average=None, labels=range(CLASSES), zero_division=0
        )
    return result


def ranking(random, decimals, rows):
    labels = (random.uniform(size=rows) < 0.35).astype(int)
    scores = np.round(random.normal(0.8 * labels, 1), decimals)
    rates = metrics.roc_curve(labels, scores, drop_intermediate=False)
    precisions, recalls, _ = metrics.precision_recall_curve(labels, scores)
    return {
        "labels": labels,
        "scores": scores,
        "auc": metrics.roc_auc_score(labels, scores),
        "average_precision": metrics.average_precision_score(labels, scores),
        "false_positive_rates": rates[0],
        "true_positive_rates": rates[1],
        "thresholds": rates[2][1:],
        "precisions": precisions[::-1],
        "recalls": recalls[::-1],
    }


def wilson():
    cases = []
    for successes, trials, level in (
        (0, 10, 0.95), (1, 10, 0.9), (7, 10, 0.95), (10, 10, 0.99), (9_734, 10_000, 0.95),
        (1, 1, 0.5), (123_456_789, 1_000_000_000, 0.95),
    ):
        low, high = statsmodels.stats.proportion.proportion_confint(
            successes, trials, alpha=1 - level, method="wilson"
        )
        cases.append(
            {
                "successes": successes,
                "trials": trials,
                "level": level,
                "z": scipy.stats.norm.ppf(0.5 + level / 2),
                "low": low,
                "high": high,
            }
        )
    return cases


def main():
    random = np.random.default_rng(20240517)
    reference = {
        "regression": regression(random),
        "binary": binary(random),
        "multiclass": multiclass(random),
        "confusion": confusion(random),
        "ranking": ranking(random, 3, 120),
        "tied_ranking": ranking(random, 1, 200),
        "wilson": wilson(),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(plain(reference), file, indent=0, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
