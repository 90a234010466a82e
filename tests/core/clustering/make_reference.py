#!/usr/bin/env python3
"""Reference numbers for clustering and ratings: numpy, scipy and scikit-learn.

    tests/core/clustering/make_reference.py    writes reference.json beside this file
"""

import json
import os

import numpy as np
import scipy.linalg
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris


def kmeans_case():
    x = load_iris().data
    start = x[[0, 50, 100]]
    fitted = KMeans(3, init=start, n_init=1, tol=0, max_iter=300).fit(x)
    one = KMeans(3, init=start, n_init=1, tol=0, max_iter=1).fit(x)
    return {
        "x": x.tolist(),
        "start": start.tolist(),
        "centers": fitted.cluster_centers_.tolist(),
        "labels": fitted.labels_.tolist(),
        "inertia": fitted.inertia_,
        "centers_after_one": one.cluster_centers_.tolist(),
        "best_inertia": KMeans(3, n_init=20, random_state=0, tol=0).fit(x).inertia_,
    }


def spectral_case():
    """Normalized affinities of two rings and their leading eigenvalues."""
    angle = 2 * np.pi * np.arange(24) / 24
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    x = np.round(np.vstack([ring, 3 * ring]), 4)
    squared = ((x[:, None] - x[None]) ** 2).sum(axis=2)
    a = np.exp(-1.5 * squared)
    np.fill_diagonal(a, 0)
    d = a.sum(axis=1)
    values = scipy.linalg.eigvalsh(a / np.sqrt(np.outer(d, d)))
    return {"x": x.tolist(), "gamma": 1.5, "eigenvalues": values[::-1][:3].tolist()}


def main():
    reference = {"kmeans": kmeans_case(), "spectral": spectral_case()}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
