#!/usr/bin/env python3
"""Reference numbers for the distributed decompositions: numpy, scipy and scikit-learn.

    tests/core/decomposition/make_reference.py    writes reference.json beside this file
"""

import json
import os

import numpy as np
import scipy.linalg
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.utils.extmath import randomized_svd


def positive(vectors):
    """Columns whose first entry of nearly the largest magnitude is positive (core/linalg/signs)."""
    vectors = vectors.copy()
    for v in vectors.T:
        first = np.flatnonzero(np.abs(v) >= (1 - 1e-6) * np.abs(v).max())[0]
        if v[first] < 0:
            v *= -1
    return vectors


def qr_case():
    rng = np.random.default_rng(11)
    a = np.round(rng.normal(size=(40, 5)), 3)
    r = np.linalg.qr(a, mode="r")
    u, s, vt = scipy.linalg.svd(a, full_matrices=False)
    return {
        "a": a.tolist(),
        "r": (np.sign(np.diag(r))[:, None] * r).tolist(),
        "singular_values": s.tolist(),
        "v": positive(vt.T).tolist(),
    }


def ill_conditioned_case():
    """Powers of 30 numbers: the condition is nearly 1e12."""
    x = np.linspace(0.24, 1, 30)
    a = np.vander(x, 14)
    return {"a": a.tolist(), "singular_values": scipy.linalg.svdvals(a).tolist()}


def pca_case():
    x = load_iris().data
    full = PCA(svd_solver="full").fit(x)
    components = positive(full.components_.T)
    scores = (x - full.mean_) @ components
    return {
        "x": x.tolist(),
        "mean": full.mean_.tolist(),
        "components": components.tolist(),
        "explained_variance": full.explained_variance_.tolist(),
        "explained_variance_ratio": full.explained_variance_ratio_.tolist(),
        "singular_values": full.singular_values_.tolist(),
        "scores": scores[:5].tolist(),
        "whitened": (scores / np.sqrt(full.explained_variance_))[:5].tolist(),
        "from_two": (full.mean_ + scores[:5, :2] @ components[:, :2].T).tolist(),
    }


def randomized_case():
    """20×60 of rank 4: the sketch holds all of it."""
    rng = np.random.default_rng(12)
    a = np.round(rng.normal(size=(20, 4)), 2) @ np.round(rng.normal(size=(4, 60)), 2)
    u, s, vt = randomized_svd(a, 4, random_state=0)
    return {"a": a.tolist(), "singular_values": s.tolist(), "v": positive(vt.T).tolist()}


def main():
    reference = {
        "qr": qr_case(),
        "ill_conditioned": ill_conditioned_case(),
        "pca": pca_case(),
        "randomized": randomized_case(),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
