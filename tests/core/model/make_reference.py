#!/usr/bin/env python3
"""Reference numbers of tests/core/model, by scikit-learn: writes reference.json beside this script.

    tests/core/model/make_reference.py
"""

import json
import os

import numpy
from scipy.optimize import minimize
from sklearn.naive_bayes import CategoricalNB, GaussianNB
from sklearn.svm import SVC

ROWS = 61
CLASSES = 3


def draws():
    """A table of fixed numbers: three columns of numbers, two of categories, a class."""
    random = numpy.random.RandomState(7)
    y = random.randint(0, CLASSES, ROWS)
    numbers = random.normal(size=(ROWS, 3)) * [1.0, 20.0, 0.01] + y[:, None] * [0.5, -7.0, 0.0]
    numbers = numpy.round(numbers, 6)
    categories = numpy.stack(
        [(random.randint(0, 4, ROWS) + y) % 4, random.randint(0, 2, ROWS)], axis=1
    )
    return numbers, categories, y


def one_versus_rest(numbers, y):
    """Linear SVMs, C = 1, of each class against the rest, on columns of mean 0 and variance 1.

    The objective is that of all classes, Σₖ (½‖wₖ‖² + C·Σᵢ ξᵢₖ), divided by C and the rows; biases are
    not penalised. Hinge by libsvm, squared hinge, which is smooth, by BFGS.
    """
    x = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    svms = {"hinge": 0.0, "squared_hinge": 0.0, "squared_hinge_weights": []}
    for k in range(CLASSES):
        sign = numpy.where(y == k, 1.0, -1.0)

        def objective(theta, power):
            margin = numpy.maximum(0, 1 - sign * (x @ theta[:-1] + theta[-1]))
            return 0.5 * theta[:-1] @ theta[:-1] + numpy.sum(margin**power)

        def gradient(theta):
            margin = numpy.maximum(0, 1 - sign * (x @ theta[:-1] + theta[-1]))
            slope = -2 * sign * margin
            return numpy.append(theta[:-1] + x.T @ slope, slope.sum())

        svc = SVC(kernel="linear", C=1, tol=1e-10).fit(x, sign)
        svms["hinge"] += objective(numpy.append(svc.coef_[0], svc.intercept_), 1) / ROWS
        start = numpy.zeros(x.shape[1] + 1)
        smooth = minimize(objective, start, args=(2,), jac=lambda t, _: gradient(t), tol=1e-12)
        svms["squared_hinge"] += smooth.fun / ROWS
        svms["squared_hinge_weights"].append(smooth.x[:-1].tolist())
    return svms


def main():
    numbers, categories, y = draws()
    gaussian = GaussianNB().fit(numbers, y)
    categorical = CategoricalNB(alpha=0.5, min_categories=[4, 2]).fit(categories, y)
    joint = gaussian._joint_log_likelihood(numbers)
    joint_categories = categorical._joint_log_likelihood(categories)
    reference = {
        "numbers": numbers.tolist(),
        "categories": categories.tolist(),
        "y": y.tolist(),
        "gaussian_mean": gaussian.theta_.T.tolist(),
        "gaussian_variance": gaussian.var_.T.tolist(),
        "gaussian_scores": joint.tolist(),
        "categorical_log_probability": [p.T.tolist() for p in categorical.feature_log_prob_],
        "categorical_scores": joint_categories.tolist(),
        "svm": one_versus_rest(numbers, y),
        # The prior counts once in both.
        "mixed_scores": (joint + joint_categories - numpy.log(gaussian.class_prior_)).tolist(),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
