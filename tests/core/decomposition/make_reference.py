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


def ratings_case():
    """Soft-Impute of the ratings that mean and biases leave, written densely."""
    rng = np.random.default_rng(13)
    users, items, rank, shrinkage, iterations = 12, 8, 2, 0.4, 25
    full = 3 + rng.normal(size=(users, 2)) @ rng.normal(size=(2, items))
    known = rng.random((users, items)) < 0.55
    known[3] = False
    known[:, 6] = False
    r = np.round(full, 1)
    count = known.sum()
    mean = r[known].sum() / count
    per_item = known.sum(axis=0)
    item_bias = np.where(known, r - mean, 0).sum(axis=0) / np.maximum(per_item, 1)
    rest = np.where(known, r - mean - item_bias, 0)
    user_bias = rest.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    rest = np.where(known, rest - user_bias[:, None], 0)
    z = np.zeros_like(r)
    for _ in range(iterations):
        u, s, vt = scipy.linalg.svd(np.where(known, rest, z), full_matrices=False)
        s = np.maximum(s[:rank] - shrinkage, 0)
        z = u[:, :rank] * s @ vt[:rank]
    return {
        "users": users,
        "items": items,
        "rank": rank,
        "shrinkage": shrinkage,
        "iterations": iterations,
        "ratings": [[int(u), int(i), r[u, i]] for u, i in zip(*np.nonzero(known))],
        "singular_values": s.tolist(),
        "error": float(np.sqrt((np.where(known, rest - z, 0) ** 2).sum() / count)),
        "predictions": (mean + item_bias + user_bias[:, None] + z).tolist(),
    }


def main():
    reference = {
        "qr": qr_case(),
        "ill_conditioned": ill_conditioned_case(),
        "pca": pca_case(),
        "randomized": randomized_case(),
        "ratings": ratings_case(),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
