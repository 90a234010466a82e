#!/usr/bin/python3
"""Speed of reading data files against pandas.

    scripts/bench/ingest.py [--rows 55000] [--modes core,ranks] [--runs 5]

Both sides read the same file into numbers, in turn, several times; the table has the medians and their
ratio. README.md beside this file says what is measured.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
INGEST_BENCH = os.path.join(BUILD, "scripts", "bench", "ingest_bench")
COLUMNS = 128

# File → how a number is written
FILES = {
    "all digits": lambda x: repr(float(x)),
    "six places": lambda x: f"{x:.6f}",
}
# Mode → (heading, ranks)
MODES = {"core": ("one core", 1), "ranks": ("two ranks", 2)}


def environment():
    variables = dict(os.environ)
    variables.update(OMP_NUM_THREADS="1")
    if os.geteuid() == 0:
        variables.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return variables


def make_file(folder, name, rows):
    """Normal numbers, from a fixed seed."""
    import numpy

    path = os.path.join(folder, name.replace(" ", "-") + ".csv")
    with open(path, "w", encoding="ascii") as file:
        file.write(",".join(f"x{j}" for j in range(COLUMNS)) + "\n")
        for row in numpy.random.RandomState(1).normal(size=(rows, COLUMNS)):
            file.write(",".join(map(FILES[name], row)) + "\n")
    return path


def pandas_worker(path, runs):
    """pandas' side, in a process of its own; its default parser is in C."""
    import time

    import pandas

    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        frame = pandas.read_csv(path)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "rows": len(frame), "features": frame.shape[1],
                      "sum": float(frame.to_numpy().sum()), "pandas": pandas.__version__}))


def run(command, cpus):
    bound = ["taskset", "-c", ",".join(map(str, cpus))] + command
    done = subprocess.run(bound, env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(path, ranks, rounds):
    cpus = sorted(os.sched_getaffinity(0))[:ranks]
    ours = [INGEST_BENCH, path, "2"]
    if ranks > 1:
        ours = ["mpirun", "-q", "--bind-to", "core", "-n", str(ranks)] + ours
    theirs = [sys.executable, os.path.abspath(__file__), "--worker", path, "2"]
    seconds = {"ours": [], "theirs": []}
    for _ in range(rounds):
        # The first of the two runs of a process warms it up, and the system's cache.
        their = run(theirs, cpus)
        our = run(ours, cpus)
        seconds["theirs"].append(min(their["seconds"]))
        seconds["ours"].append(min(our["seconds"]))
        # Not to the last bit: pandas rounds wrongly by default, and sums in another order.
        if any(our[key] != their[key] for key in ("rows", "features")) or abs(
            our["sum"] - their["sum"]
        ) > 1e-6 * our["rows"]:
            sys.exit(f"{path}: {our} and {their} are not the same table")
    return statistics.median(seconds["theirs"]), statistics.median(seconds["ours"]), their["pandas"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=55_000)
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--runs", type=int, default=5, help="processes of each side")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return pandas_worker(options.worker[0], int(options.worker[1]))

    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "ingest_bench"], check=True,
                   stdout=subprocess.DEVNULL)
    table, one_core, pandas = [], {}, ""
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        for name in FILES:
            path = make_file(folder, name, options.rows)
            megabytes = os.path.getsize(path) / 1e6
            for mode in options.modes.split(","):
                heading, ranks = MODES[mode]
                theirs, ours, pandas = measure(path, ranks, options.runs)
                if mode == "core":
                    one_core[name] = ours
                speedup = one_core[name] / ours if name in one_core else float("nan")
                table.append(f"| {name} | {megabytes:.0f} | {heading} | {megabytes / theirs:.0f} | "
                             f"{megabytes / ours:.0f} | {theirs / ours:.2f} | {speedup:.2f} |")
                print(f"{name}, {heading}: {theirs:.4f} s, {ours:.4f} s", file=sys.stderr)
    print(f"pandas {pandas}, {COLUMNS} columns\n")
    print("| Numbers | MB | Mode | pandas (MB/s) | Lockstep (MB/s) | Ratio | To one core |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
