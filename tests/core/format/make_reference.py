#!/usr/bin/env python3
"""Writes reference.json: files as numpy writes them, in hexadecimal, with what they hold.

    /usr/bin/python3 tests/core/format/make_reference.py
"""

import io
import json
import os

import numpy as np

INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
REALS = ["f4", "f8"]


def some_values(name):
    """Six numbers of a type, the ends of its range among them."""
    if name in REALS:
        limits = np.finfo(name)
        values = [0.1, -0.0, limits.max, -limits.tiny, limits.smallest_subnormal, 1e-3]
    else:
        limits = np.iinfo(name)
        values = [limits.min, limits.max, 0, 1, 100, limits.max // 3]
    return np.array(values, dtype="<" + name)


def written(array, version):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue().hex()


def example(array, version):
    return {
        "file": written(array, version),
        "version": list(version),
        "type": array.dtype.str,
        "fortran_order": bool(array.flags.fnc),
        "shape": list(array.shape),
        "rows": [[float(x) for x in row] for row in array.reshape(len(array), -1)],
        "digits": [str(x) for x in array.ravel().tolist()] if array.dtype.kind != "f" else [],
    }


def main():
    examples = []
    for name in INTEGERS + REALS:
        values = some_values(name)
        examples.append(example(values, (1, 0)))
        for order in "CF":
            examples.append(example(np.array(values.reshape(3, 2), order=order), (1, 0)))
    for version in ((2, 0), (3, 0)):
        for order in "CF":
            matrix = np.array(some_values("f8").reshape(2, 3), order=order)
            examples.append(example(matrix, version))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        lines = ",\n".join(json.dumps(entry) for entry in examples)
        file.write(f'{{"numpy": "{np.__version__}", "examples": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
