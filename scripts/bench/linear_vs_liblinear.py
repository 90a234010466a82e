#!/usr/bin/python3
"""Time of linear classifiers by L-BFGS against liblinear, to the same objective.

    scripts/bench/linear_vs_liblinear.py [--sets a9a,farm-ads,generated] [--losses logistic,squared_hinge] [--runs 5]

Both minimise ½(‖w‖² + b²) + C·Σ loss, C = 1. Of each side the loosest tolerance is taken with which it
comes within GAPS of the best objective that both reach; then both run in turn, and the table has the
medians. README.md beside this file says what is measured.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "build", "release", "trainer", "lockstep")

GAPS = {"logistic": 1e-6, "squared_hinge": 1e-4}  # of the objective
LIBLINEAR = {"logistic": "0", "squared_hinge": "2"}  # -s
EPSILONS = [f"{digit}e-{e}" for e in range(1, 8) for digit in (3, 1)]
TOLERANCES = [f"{digit}e-{e}" for e in range(4, 13) for digit in (3, 1)]
MODES = {"one core": (1, 1), "two ranks": (2, 1)}
GENERATED = (1_000_000, 100_000, 20)  # rows, features, cells of a row


def environment(threads):
    variables = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive")
    if os.geteuid() == 0:
        variables.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return variables


def generate(path):
    """Rows of a linear rule with noise; columns as frequent as words are."""
    rows, features, cells = GENERATED
    draws = numpy.random.default_rng(1)
    rule = draws.normal(size=features)
    with open(path, "w", encoding="ascii") as file:
        for begin in range(0, rows, 10_000):
            ranks = draws.random((10_000, cells)) ** 3 * features
            for columns in numpy.sort(ranks.astype(int)):
                columns = numpy.unique(columns)
                values = draws.random(len(columns)).round(3) + 0.001
                score = rule[columns] @ values + draws.normal()
                text = " ".join(f"{c + 1}:{v:g}" for c, v in zip(columns, values))
                file.write(f"{1 if score > 0 else -1} {text}\n")
            print(f"generated {begin + 10_000} rows", file=sys.stderr, end="\r")


class Rows:
    """A LIBSVM file, to tell what a model of liblinear's is worth."""

    def __init__(self, path):
        labels, begins, columns, values = [], [0], [], []
        with open(path, encoding="ascii") as file:
            for line in file:
                label, *cells = line.split()
                labels.append(float(label))
                for cell in cells:
                    column, value = cell.split(":")
                    columns.append(int(column) - 1)
                    values.append(float(value))
                begins.append(len(columns))
        self.labels = numpy.array(labels)
        self.begins = numpy.array(begins)
        self.columns = numpy.array(columns)
        self.values = numpy.array(values)

    def objective(self, model, loss):
        with open(model, encoding="ascii") as file:
            head, weights = file.read().split("w\n")
        first = float(next(x for x in head.splitlines() if x.startswith("label")).split()[1])
        w = numpy.array(weights.split(), dtype=float)
        products = numpy.append(self.values * w[self.columns], 0.0)
        scores = numpy.add.reduceat(products, self.begins[:-1])
        scores[self.begins[1:] == self.begins[:-1]] = 0
        margins = numpy.where(self.labels == first, 1, -1) * (scores + w[-1])
        if loss == "logistic":
            losses = numpy.logaddexp(0, -margins)
        else:
            losses = numpy.maximum(0, 1 - margins) ** 2
        return 0.5 * w @ w + losses.sum()


def run_liblinear(path, loss, epsilon, folder):
    """Seconds of the whole command, and its model."""
    model = os.path.join(folder, "liblinear.model")
    command = ["liblinear-train", "-q", "-s", LIBLINEAR[loss], "-c", "1", "-B", "1"]
    start = time.perf_counter()
    subprocess.run(command + ["-e", epsilon, path, model], check=True, capture_output=True)
    return time.perf_counter() - start, model


def run_lockstep(path, loss, rows, tolerance, mode, folder):
    """Seconds of the whole command and of its steps, and the objective."""
    ranks, threads = MODES[mode]
    output = os.path.join(folder, "run")
    launch = ["mpirun", "-q", "--oversubscribe", "-n", str(ranks)] if ranks > 1 else []
    kind = ["--model.type=svm", "--model.loss=squared_hinge", "--svm.C=1"]
    if loss == "logistic":
        kind = ["--model.type=logistic", f"--penalty.l2={0.5 / rows!r}"]
    command = launch + [PROGRAM, "train", f"--data.train={path}", "--penalty.bias=true"] + kind
    command += ["--train.optimizer=lbfgs", "--train.batch_size=all", "--train.epochs=3000"]
    command += ["--train.precision=double", f"--lbfgs.tolerance={tolerance}"]
    start = time.perf_counter()
    done = subprocess.run(
        command + [f"--output.dir={output}", "--overwrite"],
        check=False, capture_output=True, text=True, env=environment(threads),
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(done.stderr)
    with open(os.path.join(output, "timings.jsonl"), encoding="utf-8") as file:
        steps = sum(json.loads(line)["seconds"] for line in file)
    with open(os.path.join(output, "result.json"), encoding="utf-8") as file:
        result = json.load(file)
    return seconds, steps, result["train"]["objective"] * rows, result["steps"]


def measure(name, path, loss, runs, folder):
    rows = Rows(path)
    count = len(rows.labels)
    theirs = {e: rows.objective(run_liblinear(path, loss, e, folder)[1], loss) for e in EPSILONS}
    ours = {t: run_lockstep(path, loss, count, t, "one core", folder)[2] for t in TOLERANCES}
    best = max(min(theirs.values()), min(ours.values()))  # that both reach
    epsilon, tolerance = (
        next(key for key, value in side.items() if value / best - 1 <= GAPS[loss])
        for side in (theirs, ours)
    )
    seconds = {"read": [], "liblinear": []}
    for _ in range(runs):
        seconds["read"].append(run_liblinear(path, loss, "1e30", folder)[0])
        seconds["liblinear"].append(run_liblinear(path, loss, epsilon, folder)[0])
        for mode in MODES:
            whole, steps, _, iterations = run_lockstep(path, loss, count, tolerance, mode, folder)
            seconds.setdefault(mode, []).append(steps)
            seconds.setdefault(mode + " whole", []).append(whole)
    median = {key: statistics.median(values) for key, values in seconds.items()}
    solving = median["liblinear"] - median["read"]
    for mode in MODES:
        print(
            f"| {name} | {loss} | {mode} | {tolerance}, {iterations} | {median[mode]:.3f} | {epsilon} | "
            f"{solving:.3f} | {median[mode] / solving:.2f} | {median[mode + ' whole']:.2f} | "
            f"{median['liblinear']:.2f} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--sets", default="a9a,farm-ads")
    parser.add_argument("--losses", default="logistic,squared_hinge")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--program", default=PROGRAM)
    arguments = parser.parse_args()
    globals()["PROGRAM"] = arguments.program
    data = os.environ.get("LOCKSTEP_DATA", "")
    print("| set | loss | lockstep on | tolerance, steps | s | liblinear -e | s | ratio | whole command, s | liblinear's, s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.sets.split(","):
            path = {
                "a9a": os.path.join(data, "a9a", "a9a"),
                "farm-ads": os.path.join(data, "farm-ads", "derived", "farm-ads.svm"),
                "generated": os.path.join(folder, "generated.svm"),
            }[name]
            if name == "generated":
                generate(path)
            for loss in arguments.losses.split(","):
                measure(name, path, loss, arguments.runs, folder)


if __name__ == "__main__":
    main()
