#!/usr/bin/env python3
"""Writes reference.json: what numpy and scipy say of the numbers that the tests of core/profile use."""

import json
import os

import numpy as np
from scipy import special, stats


def distance(first, second):
    """D of two samples, and its p-value in the limit of many values."""
    d = stats.ks_2samp(first, second, mode="asymp").statistic
    n, m = len(first), len(second)
    return {
        "first": first.tolist(),
        "second": second.tolist(),
        "statistic": d,
        "p_value": special.kolmogorov(np.sqrt(n * m / (n + m)) * d),
    }


def stability(expected, actual):
    """PSI by its definition, with half a count more in each bin."""
    expected, actual = np.array(expected, float), np.array(actual, float)
    p = (expected + 0.5) / (expected.sum() + len(expected) / 2)
    q = (actual + 0.5) / (actual.sum() + len(actual) / 2)
    return {
        "expected": expected.astype(int).tolist(),
        "actual": actual.astype(int).tolist(),
        "index": np.sum((p - q) * np.log(p / q)),
    }


def main():
    rng = np.random.default_rng(7)
    lambdas = [0.06, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999, 1.0, 1.001, 1.3, 1.36, 2.0, 3.0, 5.0, 9.0, 12.0]
    reference = {
        "lambdas": lambdas,
        "tails": [special.kolmogorov(x) for x in lambdas],
        "distances": [
            distance(np.round(rng.normal(size=311), 4), np.round(rng.normal(0.3, 1.2, size=173), 4)),
            distance(rng.integers(0, 5, size=400).astype(float), rng.integers(1, 6, size=100).astype(float)),
            distance(np.zeros(10), np.zeros(3)),
            distance(np.arange(5.0), np.arange(10.0, 13.0)),
            distance(np.round(rng.normal(size=57), 1), np.round(rng.normal(size=801), 1)),
        ],
        "stabilities": [
            stability([10, 10, 10], [10, 10, 10]),
            stability([90, 10], [50, 50]),
            stability([100, 100, 100, 100, 100, 100, 100, 100, 100, 100],
                      [20, 31, 47, 50, 61, 7, 0, 1, 203, 80]),
        ],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(reference, file)
        file.write("\n")


if __name__ == "__main__":
    main()
