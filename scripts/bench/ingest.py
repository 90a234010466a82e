#!/usr/bin/python3
"""Speed of reading data files against pandas (CSV), scikit-learn (LIBSVM) and numpy (.lsd against .npy).

    scripts/bench/ingest.py [--megabytes 100] [--files csv-digits,libsvm-words] [--modes core,ranks] [--runs 5]

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

# Mode → (heading, ranks)
MODES = {"core": ("one core", 1), "ranks": ("two ranks", 2)}


def csv_lines(draws, written):
    """A header, then rows of 128 normal numbers."""
    yield ",".join(f"x{j}" for j in range(128))
    while True:
        yield ",".join(map(written, draws.normal(size=128).tolist()))


def bags_of_words(draws):
    """A class, then the counts of some 60 words of 54 877, most of them 1."""
    import numpy

    while True:
        words = draws.poisson(60) + 1
        indices = numpy.unique(draws.zipf(1.3, size=2 * words) % 54_877 + 1)[:words]
        counts = numpy.where(draws.rand(len(indices)) < 0.8, 1, draws.randint(2, 9, len(indices)))
        pairs = " ".join(f"{i}:{n}" for i, n in zip(indices.tolist(), counts.tolist()))
        yield f"{'+1' if draws.rand() < 0.5 else '-1'} {pairs}"


def sparse_reals(draws, written):
    """A number, then 50 features of 2000, uniform in [-1, 1]."""
    while True:
        indices = sorted(draws.choice(2000, 50, replace=False).tolist())
        values = draws.uniform(-1, 1, size=50).tolist()
        yield f"{draws.normal():.6g} " + " ".join(
            f"{i + 1}:{written(x)}" for i, x in zip(indices, values))


# File → (format, lines of a generator of random numbers)
FILES = {
    "csv-digits": ("csv", lambda draws: csv_lines(draws, repr)),
    "csv-places": ("csv", lambda draws: csv_lines(draws, "{:.6f}".format)),
    "libsvm-words": ("libsvm", bags_of_words),
    "libsvm-six": ("libsvm", lambda draws: sparse_reals(draws, "{:.6g}".format)),
    "libsvm-digits": ("libsvm", lambda draws: sparse_reals(draws, repr)),
    "lsd": ("lsd", None),
}


def environment():
    variables = dict(os.environ)
    variables.update(OMP_NUM_THREADS="1")
    if os.geteuid() == 0:
        variables.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return variables


def make_file(folder, name, megabytes):
    """Random rows, from a fixed seed."""
    import numpy

    file_format, lines = FILES[name]
    path = os.path.join(folder, f"{name}.{file_format}")
    if file_format == "lsd":  # of what the other side loads, which ingest_bench makes one of
        path = os.path.join(folder, f"{name}.npy")
        rows = int(1e6 * megabytes / (8 * 128))
        numpy.save(path, numpy.random.RandomState(1).normal(size=(rows, 128)))
        return path
    written = 0
    with open(path, "w", encoding="ascii") as file:
        for line in lines(numpy.random.RandomState(1)):
            written += file.write(line + "\n")
            if written >= 1e6 * megabytes:
                return path


def library_worker(file_format, path, runs):
    """The library's side, in a process of its own; both parse in C."""
    import time

    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        if file_format == "csv":
            import pandas

            values = pandas.read_csv(path)
            library = f"pandas {pandas.__version__}"
        elif file_format == "lsd":
            import numpy

            values = numpy.load(path)
            library = f"numpy {numpy.__version__}"
        else:
            import sklearn
            from sklearn.datasets import load_svmlight_file

            values, _ = load_svmlight_file(path)
            library = f"scikit-learn {sklearn.__version__}"
        seconds.append(time.perf_counter() - start)
    rows, features = values.shape
    numbers = values.to_numpy() if file_format == "csv" else values
    print(json.dumps({"seconds": seconds, "rows": rows, "features": features,
                      "sum": float(numbers.sum()), "library": library}))


def run(command, cpus):
    bound = ["taskset", "-c", ",".join(map(str, cpus))] + command
    done = subprocess.run(bound, env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(file_format, path, ranks, rounds):
    cpus = sorted(os.sched_getaffinity(0))
    ours = [INGEST_BENCH, file_format, path, "2"]
    if ranks > 1:
        ours = ["mpirun", "-q", "--bind-to", "core", "-n", str(ranks)] + ours
    theirs = [sys.executable, os.path.abspath(__file__), "--worker", file_format, path, "2"]
    seconds = {"ours": [], "theirs": []}
    for _ in range(rounds):
        # The first of the two runs of a process warms it up, and the system's cache.
        their = run(theirs, cpus[:1])
        our = run(ours, cpus[:ranks])
        seconds["theirs"].append(min(their["seconds"]))
        seconds["ours"].append(min(our["seconds"]))
        # Not to the last bit: pandas rounds wrongly by default, and sums are in another order.
        if any(our[key] != their[key] for key in ("rows", "features")) or abs(
            our["sum"] - their["sum"]
        ) > 1e-6 * our["rows"]:
            sys.exit(f"{path}: {our} and {their} are not the same table")
    return statistics.median(seconds["theirs"]), statistics.median(seconds["ours"]), their["library"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=100, help="of each file")
    parser.add_argument("--files", default=",".join(FILES))
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--runs", type=int, default=5, help="processes of each side")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        file_format, path, runs = options.worker
        return library_worker(file_format, path, int(runs))

    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "ingest_bench"], check=True,
                   stdout=subprocess.DEVNULL)
    table, one_core = [], {}
    with tempfile.TemporaryDirectory(prefix="ingest-") as folder:
        for name in options.files.split(","):
            path = make_file(folder, name, options.megabytes)
            megabytes = os.path.getsize(path) / 1e6
            for mode in options.modes.split(","):
                heading, ranks = MODES[mode]
                theirs, ours, library = measure(FILES[name][0], path, ranks, options.runs)
                if mode == "core":
                    one_core[name] = ours
                speedup = one_core[name] / ours if name in one_core else float("nan")
                table.append(f"| `{name}` | {library} | {heading} | {megabytes / theirs:.0f} | "
                             f"{megabytes / ours:.0f} | {theirs / ours:.2f} | {speedup:.2f} |")
                print(f"{name}, {heading}: {theirs:.4f} s, {ours:.4f} s", file=sys.stderr)
            os.remove(path)
    print("| File | Library | Mode | Library (MB/s) | Lockstep (MB/s) | Ratio | To one core |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
