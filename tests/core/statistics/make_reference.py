#!/usr/bin/env python3
"""Writes reference.json beside this file: statistics computed with numpy and scipy, and, where their
own rounding is larger than ours, with fractions.

    /usr/bin/python3 tests/core/statistics/make_reference.py
"""

import json
import math
import os
from fractions import Fraction

import numpy as np
from scipy import stats

PROBABILITIES = [0, 0.1, 0.25, 1 / 3, 0.5, 0.6180339887498949, 0.75, 0.9, 0.999, 1]
ROWS = 3000


def formula(row, column):
    """The numbers that statistics_data.hpp computes too: many rows, no file."""
    return ((row * 7919 + column * 104729 + row * row * 31) % 1009) / 1009 + column * row / 4000


def exact_sqrt(fraction):
    """√ to double precision of a rational number, however large its parts."""
    scale = 1 << 400
    return Fraction(math.isqrt(fraction.numerator * scale // fraction.denominator), 1 << 200)


def exact_moments(values):
    x = [Fraction(float(v)) for v in values]
    n = len(x)
    mean = sum(x) / n
    m2, m3, m4 = (sum((v - mean) ** p for v in x) / n for p in (2, 3, 4))
    return {
        "mean": float(mean),
        "variance": float(m2),
        "variance_sample": float(m2 * n / (n - 1)),
        "skewness": float(m3 / (m2 * exact_sqrt(m2))),
        "kurtosis": float(m4 / m2**2 - 3),
    }


def moments(x):
    return {
        "mean": np.mean(x),
        "variance": np.var(x),
        "variance_sample": np.var(x, ddof=1),
        "deviation": np.std(x),
        "deviation_sample": np.std(x, ddof=1),
        "skewness": stats.skew(x),
        "skewness_sample": stats.skew(x, bias=False),
        "kurtosis": stats.kurtosis(x),
        "kurtosis_sample": stats.kurtosis(x, bias=False),
        "min": np.min(x),
        "max": np.max(x),
    }


def pairwise(function, X):
    d = X.shape[1]
    result = np.full((d, d), np.nan)
    for i in range(d):
        for j in range(d):
            both = ~np.isnan(X[:, i]) & ~np.isnan(X[:, j])
            if both.sum() > 1:
                result[i, j] = function(X[both, i], X[both, j])
    return result


def plain(value):
    """JSON has no NaN or infinity: texts."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, (int, np.integer)):
        return int(value)
    value = float(value)
    return value if math.isfinite(value) else str(value)


def main():
    rng = np.random.default_rng(20240229)
    Z = rng.standard_normal((61, 4))
    X = np.round(np.column_stack(
        [Z[:, 0], 3 * Z[:, 0] - Z[:, 1] + 40, np.exp(Z[:, 2]), np.floor(3 * Z[:, 3])]), 6)
    missing = X.copy()
    missing[rng.random(X.shape) < 0.2] = np.nan
    many = np.array([[formula(i, j) for j in range(3)] for i in range(ROWS)])
    far = np.round(rng.standard_normal(1003) + 0.3 * rng.standard_normal(1003) ** 2, 3) + 1e9
    edges = [-3, -1, 0, 0, 0.5, 2, 39, 41]
    all_values = X.ravel()

    reference = {
        "X": X,
        "moments": [moments(x) for x in X.T],
        "missing": missing,
        "moments_missing": [moments(x[~np.isnan(x)]) for x in missing.T],
        "far": far - 1e9,
        "moments_far": exact_moments(far),
        "moments_many": [moments(x) for x in many.T],
        "covariance_many": np.cov(many, rowvar=False),
        "covariance": np.cov(X, rowvar=False, ddof=0),
        "covariance_sample": np.cov(X, rowvar=False),
        "correlation": np.corrcoef(X, rowvar=False),
        "covariance_missing": pairwise(lambda x, y: np.cov(x, y)[0, 1], missing),
        "correlation_missing": pairwise(lambda x, y: np.corrcoef(x, y)[0, 1], missing),
        "ranks": stats.rankdata(X, axis=0),
        "spearman": stats.spearmanr(X).correlation,
        "spearman_many": stats.spearmanr(many).correlation,
        "probabilities": PROBABILITIES,
        "quantiles": np.quantile(X, PROBABILITIES, axis=0).T,
        "quantiles_missing": np.nanquantile(missing, PROBABILITIES, axis=0).T,
        "quantiles_many": np.quantile(many, PROBABILITIES, axis=0).T,
        "edges": edges,
        "histogram_of_edges": np.histogram(all_values, edges)[0],
        "equal_edges": np.histogram(all_values, 7)[1],
        "histogram_of_equal": np.histogram(all_values, 7)[0],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(plain(reference), file)
        file.write("\n")


if __name__ == "__main__":
    main()
