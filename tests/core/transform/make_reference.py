#!/usr/bin/env python3
"""Writes reference.json beside this file: scalers, imputers and encoders of scikit-learn, alone and
one after the other.

    /usr/bin/python3 tests/core/transform/make_reference.py
"""

import json
import math
import os

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

ROWS = 48
FILL = -0.25


def plain(value):
    """JSON has no NaN: texts; a missing category is null."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return "nan" if math.isnan(value) else float(value)
    return value


def numbers(rng):
    """A smooth column, one of few values with ties, one that is constant, one far from 0."""
    X = np.column_stack(
        [
            np.round(rng.standard_normal(ROWS), 3),
            rng.integers(0, 5, ROWS),
            np.full(ROWS, 0.1),
            np.round(1e6 + 50 * rng.standard_normal(ROWS), 2),
        ]
    )
    X[rng.random(X.shape) < 0.2] = np.nan
    X[0, 2] = 0.1
    return X


def categories(rng):
    colors = np.array(["red", "blue", "dark green", "7"], dtype=object)
    sizes = np.array(["s", "m"], dtype=object)
    C = np.column_stack([rng.choice(colors, ROWS, p=[0.2, 0.4, 0.2, 0.2]), rng.choice(sizes, ROWS)])
    C[rng.random(C.shape) < 0.2] = None
    return C


def imputers():
    return {
        "mean": SimpleImputer(strategy="mean"),
        "median": SimpleImputer(strategy="median"),
        "constant": SimpleImputer(strategy="constant", fill_value=FILL),
        "most_frequent": SimpleImputer(strategy="most_frequent"),
    }


def scalers():
    return {
        "none": FunctionTransformer(),
        "standard": StandardScaler(),
        "minmax": MinMaxScaler(),
        "robust": RobustScaler(),
        "log1p": FunctionTransformer(np.log1p),
    }


def main():
    rng = np.random.default_rng(7)
    X = numbers(rng)
    C = categories(rng)
    frequent = lambda: SimpleImputer(missing_values=None, strategy="most_frequent")
    constant = lambda: SimpleImputer(missing_values=None, strategy="constant", fill_value="none")
    onehot = lambda: OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    unseen = np.array([["mauve", "m"], ["red", "xl"], [None, None]], dtype=object)

    transformed = {}
    for impute, imputer in imputers().items():
        for scale, scaler in scalers().items():
            usable = np.abs(X) if scale == "log1p" else X
            pipeline = make_pipeline(imputer, scaler)
            transformed[f"{impute} {scale}"] = pipeline.fit_transform(usable)
    frequent_onehot = make_pipeline(frequent(), onehot()).fit(C)
    reference = {
        "X": X,
        "C": C,
        "fill": FILL,
        "transformed": transformed,
        "onehot": frequent_onehot.transform(C),
        "onehot_names": frequent_onehot[1].get_feature_names_out(["color", "size"]),
        "unseen": unseen,
        "onehot_unseen": frequent_onehot.transform(unseen),
        "onehot_constant": make_pipeline(constant(), onehot()).fit_transform(C),
        "ordinal": make_pipeline(frequent(), OrdinalEncoder()).fit_transform(C),
        "ordinal_standard": make_pipeline(
            frequent(), OrdinalEncoder(), StandardScaler()
        ).fit_transform(C),
        "indicators": SimpleImputer(add_indicator=True).fit(X).transform(X)[:, 4:],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(plain(reference), file)
        file.write("\n")


if __name__ == "__main__":
    main()
