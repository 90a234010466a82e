#!/usr/bin/python3
"""Writes reference.json beside it: what numpy and scipy make of some matrices.

Most matrices are formulas, so that both sides hold the same numbers; the rest is written out.
"""

import json
import os

import numpy as np
import scipy.linalg


def hilbert(n):
    return scipy.linalg.hilbert(n)


def waves(m, n):
    """Well conditioned, no symmetry: integers from -9 to 9 in eighths."""
    i, j = np.indices((m, n))
    return ((i * 7 + j * 5 + i * j * 3) % 19 - 9) / 8.0 + 4.0 * (i == j)


def deficient(m, n, rank):
    """Integers, of the given rank: each row a multiple of one of the first `rank` rows."""
    rows = np.rint(waves(rank, n) * 8)
    return np.array([rows[i % rank] * (1 + i // rank) for i in range(m)])


MATRICES = {
    "one": np.array([[-3.0]]),
    "two": np.array([[2.0, 1.0], [1.0, 3.0]]),
    "waves5": waves(5, 5),
    "hilbert5": hilbert(5),
    "hilbert8": hilbert(8),
    "tall": waves(9, 4),
    "wide": waves(3, 7),
    "deficient": deficient(6, 5, 2),
    "zero": np.zeros((3, 2)),
    "column": waves(5, 1),
    "row": waves(1, 4),
}


def exact(a):
    """JSON has no NaN and no infinity."""
    a = np.asarray(a)
    if a.ndim:
        return [exact(x) for x in a]
    x = float(a)
    return x if np.isfinite(x) else str(x).replace("+", "")


def complex_parts(a):
    return {"real": exact(np.real(a)), "imag": exact(np.imag(a))}


def with_signs(v):
    """Columns whose largest entry is real and positive; the matrices here have no near ties."""
    v = v.copy()
    for j in range(v.shape[1]):
        largest = v[np.argmax(np.abs(v[:, j])), j]
        v[:, j] *= np.conj(largest) / abs(largest)
    return v


def of_any_shape(a):
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    rank = int(np.linalg.matrix_rank(a))
    result = {
        "matrix": exact(a),
        "singular_values": exact(s),
        "rank": rank,
        "pseudo_inverse": exact(np.linalg.pinv(a, rcond=max(a.shape) * np.finfo(float).eps)),
        "frobenius": exact(np.linalg.norm(a)),
        "norm_1": exact(np.linalg.norm(a, 1)),
        "norm_2": exact(np.linalg.norm(a, 2)),
        "norm_infinity": exact(np.linalg.norm(a, np.inf)),
    }
    if rank == min(a.shape):
        v = with_signs(vt.T)
        signs = np.sum(v * vt.T, axis=0)
        q, r = np.linalg.qr(a)
        turn = np.where(np.diag(r) < 0, -1.0, 1.0)
        result |= {
            "condition": exact(np.linalg.cond(a)),
            "V": exact(v),
            "U": exact(u * signs),
            "Q": exact(q * turn),
            "R": exact(r * turn[:, None]),
        }
    b = np.column_stack([np.arange(1.0, a.shape[0] + 1), np.cos(np.arange(a.shape[0]))])
    x = np.linalg.lstsq(a, b, rcond=max(a.shape) * np.finfo(float).eps)[0]
    result |= {
        "right": exact(b),
        "least_squares": exact(x),
        "residual_norms": exact(np.linalg.norm(a @ x - b, axis=0)),
    }
    return result


def of_square(a):
    values, vectors = np.linalg.eig(a)
    order = sorted(range(len(values)), key=lambda i: (-values[i].real, -values[i].imag))
    result = {
        "determinant": exact(np.linalg.det(a)),
        "inverse": exact(np.linalg.inv(a)),
        "eigenvalues": complex_parts(values[order]),
        "eigenvectors": complex_parts(with_signs(vectors[:, order].astype(complex))),
    }
    if np.array_equal(a, a.T):
        values, vectors = np.linalg.eigh(a)
        result |= {
            "symmetric_values": exact(values[::-1]),
            "symmetric_vectors": exact(with_signs(vectors[:, ::-1])),
        }
    return result


def vector_norms():
    v = np.array([3.0, -1.5, 0.25, 0.0, -7.0, 2.0])
    orders = [1.0, 1.25, 2.0, 3.0, 7.5, 100.0, np.inf]
    return {
        "vector": exact(v),
        "orders": exact(orders),
        "norms": exact([np.linalg.norm(v, p) for p in orders]),
    }


def main():
    matrices = {}
    for name, a in MATRICES.items():
        matrices[name] = of_any_shape(a)
        if a.shape[0] == a.shape[1]:
            matrices[name] |= of_square(a)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"matrices": matrices, "vector_norms": vector_norms()}, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
