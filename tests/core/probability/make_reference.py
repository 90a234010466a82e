#!/usr/bin/env python3
"""Writes reference.json: probabilities, information and distances by numpy, scipy, scikit-learn.

    /usr/bin/python3 tests/core/probability/make_reference.py
"""

import json
import math
import os

import numpy as np
import scipy.stats as st
from scipy.spatial.distance import cdist, jensenshannon
from scipy.special import rel_entr
from sklearn.metrics import mutual_info_score

rng = np.random.default_rng(20240501)


def plain(value):
    """Lists and numbers; JSON has no nan and no inf, so they are texts."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, (int, np.integer)):
        return int(value)
    value = float(value)
    return value if math.isfinite(value) else str(value)


def distances():
    X = rng.standard_normal((6, 7)) * 3
    Y = rng.standard_normal((19, 7)) + 1
    Y[2] = X[1]
    levels_x = rng.integers(0, 3, (6, 7)).astype(float)
    levels_y = rng.integers(0, 3, (19, 7)).astype(float)
    return {
        "X": X,
        "Y": Y,
        "euclidean": cdist(X, Y),
        "manhattan": cdist(X, Y, "cityblock"),
        "chebyshev": cdist(X, Y, "chebyshev"),
        "minkowski": [{"p": p, "D": cdist(X, Y, "minkowski", p=p)} for p in (1.0, 1.5, 2.0, 3.0, 17.25)],
        "cosine": cdist(X, Y, "cosine"),
        "levels_x": levels_x,
        "levels_y": levels_y,
        "hamming": cdist(levels_x, levels_y, "hamming"),
    }


def discrete():
    values = rng.standard_normal(9) * 10
    p = rng.dirichlet(np.ones(9))
    x = rng.standard_normal(4)
    y = rng.standard_normal(5) * 2
    joint = rng.dirichlet(np.ones(20)).reshape(4, 5)
    px, py = joint.sum(1), joint.sum(0)
    covariance = ((x[:, None] - px @ x) * (y[None, :] - py @ y) * joint).sum()
    deviations = np.sqrt((px @ (x - px @ x) ** 2) * (py @ (y - py @ y) ** 2))
    samples = rng.standard_normal(50) + 1e3
    variable = st.rv_discrete(values=(np.arange(9), p))
    return {
        "values": values,
        "probabilities": p,
        "expectation": p @ values,
        "variance": p @ (values - p @ values) ** 2,
        "index_expectation": variable.mean(),
        "index_variance": variable.var(),
        "x": x,
        "y": y,
        "joint": joint,
        "covariance": covariance,
        "correlation": covariance / deviations,
        "samples": samples,
        "sample_mean": samples.mean(),
        "sample_variance": samples.var(ddof=1),
    }


def distributions():
    x = np.array([-50.0, -3.7, -1.0, -0.25, 0.0, 0.5, 1.0, 2.0, 2.5, 8.0, 40.0])
    p = np.array([0.0, 1e-300, 1e-9, 0.025, 0.3, 0.5, 0.75, 0.975, 1 - 1e-9, 1.0])
    k = np.arange(-1, 12)
    weights = rng.dirichlet(np.ones(6))
    categorical = st.rv_discrete(values=(np.arange(6), weights))

    def continuous(distribution):
        return {
            "density": distribution.pdf(x),
            "log_density": distribution.logpdf(x),
            "cumulative": distribution.cdf(x),
            "quantile": distribution.ppf(p),
            "mean": distribution.mean(),
            "variance": distribution.var(),
        }

    def counting(distribution):
        # scipy's quantile of 0 is one below the support, and of 1e-300 far off: 83 instead of 191
        # for Poisson's at rate 1234.5, where P(X <= 83) is 1e-404.
        inner = p[2:-1]
        return {
            "mass": distribution.pmf(k),
            "log_mass": distribution.logpmf(k),
            "cumulative": distribution.cdf(k + 0.5),
            "quantile": distribution.ppf(inner),
            "mean": distribution.mean(),
            "variance": distribution.var(),
        }

    return {
        "x": x,
        "p": p,
        "k": k,
        "gaussian": [
            {"mean_parameter": m, "deviation": s, **continuous(st.norm(m, s))}
            for m, s in ((0.0, 1.0), (2.5, 0.75), (-100.0, 30.0))
        ],
        "uniform": [
            {"low": a, "high": b, **continuous(st.uniform(a, b - a))}
            for a, b in ((0.0, 1.0), (-1.0, 2.5), (-7.0, 50.0))
        ],
        "bernoulli": [{"p": q, **counting(st.bernoulli(q))} for q in (0.3, 0.5, 0.999)],
        "poisson": [{"rate": r, **counting(st.poisson(r))} for r in (0.25, 4.0, 1234.5)],
        "categorical": {"weights": weights, **counting(categorical)},
    }


def information():
    p = rng.dirichlet(np.ones(11))
    q = rng.dirichlet(np.ones(11))
    p[3] = 0
    p /= p.sum()
    joint = rng.dirichlet(np.ones(12) * 0.5).reshape(3, 4)
    joint[1, 2] = 0
    joint /= joint.sum()
    px, py = joint.sum(1, keepdims=True), joint.sum(0, keepdims=True)
    labels_x = rng.integers(0, 5, 400)
    labels_y = (labels_x * 2 + rng.integers(0, 4, 400)) % 7
    numbers = rng.standard_normal(400)
    noisy = numbers**2 + 0.3 * rng.standard_normal(400)
    bins = math.ceil(math.log2(400)) + 1

    def binned(v):
        edges = np.linspace(v.min(), v.max(), bins + 1)
        return np.clip(np.digitize(v, edges) - 1, 0, bins - 1)

    return {
        "p": p,
        "q": q,
        "entropy": [{"base": b, "value": st.entropy(p, base=b)} for b in (2.0, math.e, 10.0)],
        "cross_entropy": st.entropy(p, base=2) + st.entropy(p, q, base=2),
        "kl": rel_entr(p, q).sum() / math.log(2),
        "kl_reversed": rel_entr(q, p).sum() / math.log(2),
        "js_distance": jensenshannon(p, q, base=2),
        "joint": joint,
        "conditional_entropy": -(joint * np.log2(np.where(joint > 0, joint / px, 1))).sum(),
        "mutual_information": rel_entr(joint, px * py).sum() / math.log(2),
        "labels_x": labels_x,
        "labels_y": labels_y,
        "labels_mutual_information": mutual_info_score(labels_x, labels_y) / math.log(2),
        "numbers": numbers,
        "noisy": noisy,
        "bins": bins,
        "numbers_binned": binned(numbers),
        "numbers_mutual_information": mutual_info_score(binned(numbers), binned(noisy)) / math.log(2),
        "mixed_mutual_information": mutual_info_score(binned(numbers), labels_y) / math.log(2),
    }


def main():
    reference = {
        "distances": distances(),
        "discrete": discrete(),
        "distributions": distributions(),
        "information": information(),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        lines = (f"{json.dumps(key)}: {json.dumps(plain(value))}" for key, value in reference.items())
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
