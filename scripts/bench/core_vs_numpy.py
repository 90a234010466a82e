#!/usr/bin/python3
"""Speed of core's statistics, decompositions and metrics against numpy, scipy and scikit-learn.

    scripts/bench/core_vs_numpy.py [--tasks qr,auc,...] [--modes core,threads,ranks] [--apart] [--runs 5]

Both sides compute the same from the same file, in turn, several times; the table has the medians and
their ratio. README.md beside this file says what is measured.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
CORE_BENCH = os.path.join(BUILD, "scripts", "bench", "core_bench")

MATRIX = (200_000, 128)  # normal, columns of different sizes that depend on each other
SCORES = (2_000_000, 2)  # score, label
POINTS = (6_000, 128)  # 3000 points, and 3000 others

# Task → (what numpy's side calls, shape of the file, can be distributed)
TASKS = {
    "covariance": ("numpy.cov", MATRIX, True),
    "qr": ("numpy.linalg.qr(mode='r')", MATRIX, True),
    "singular_values": ("numpy.linalg.svd(compute_uv=False)", MATRIX, True),
    "svd": ("numpy.linalg.svd(full_matrices=False)", MATRIX, True),
    "pca": ("PCA(10, svd_solver='full')", MATRIX, True),
    "pca_randomized": ("PCA(10, svd_solver='randomized')", MATRIX, True),
    "auc": ("roc_auc_score", SCORES, True),
    "euclidean": ("euclidean_distances", POINTS, False),
    "manhattan": ("manhattan_distances", POINTS, False),
}
# Mode → (heading, ranks, threads of a rank)
MODES = {
    "core": ("one core", 1, 1),
    "threads": ("two threads", 1, 2),
    "ranks": ("two ranks", 2, 1),
}


def environment(threads):
    variables = dict(os.environ)
    variables.update(
        OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive"
    )
    if os.geteuid() == 0:
        variables.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    return variables


# --- numpy's side: runs in a process of its own --------------------------------------------------


def numpy_work(task, array):
    """A function that computes what is timed, and returns the value that is compared."""
    import numpy

    if task == "covariance":
        return lambda: numpy.trace(numpy.cov(array, rowvar=False))
    if task == "qr":
        return lambda: abs(numpy.linalg.qr(array, mode="r")[0, 0])
    if task == "singular_values":
        return lambda: numpy.linalg.svd(array, compute_uv=False)[0]
    if task == "svd":
        return lambda: numpy.linalg.svd(array, full_matrices=False)[1][0]
    if task in ("pca", "pca_randomized"):
        from sklearn.decomposition import PCA

        solver = "full" if task == "pca" else "randomized"
        return lambda: PCA(10, svd_solver=solver, random_state=0).fit(array).explained_variance_[0]
    if task == "auc":
        from sklearn.metrics import roc_auc_score

        scores, labels = array[:, 0].copy(), array[:, 1].copy()
        return lambda: roc_auc_score(labels, scores)
    from sklearn.metrics.pairwise import euclidean_distances, manhattan_distances

    half = len(array) // 2
    distances = euclidean_distances if task == "euclidean" else manhattan_distances
    return lambda: distances(array[:half], array[half:])[0, 0]


def blas_in_use():
    """The BLAS that numpy has loaded, as the process's memory map names it."""
    import numpy

    numpy.ones((64, 64)) @ numpy.ones((64, 64))
    with open("/proc/self/maps", encoding="utf-8") as file:
        names = {line.split("/")[-1].strip() for line in file if re.search(r"blas|mkl|blis", line)}
    return ", ".join(sorted(n for n in names if n.startswith("lib") and ".so" in n)) or "unknown"


def numpy_worker(task, path, rows, columns, runs):
    import time

    import numpy

    array = numpy.fromfile(path).reshape(rows, columns)
    work = numpy_work(task, array)
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        value = work()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "value": float(value), "blas": blas_in_use(),
                      "numpy": numpy.__version__}))


# --- both sides, in turn -------------------------------------------------------------------------


def run(command, threads, cpus):
    bound = ["taskset", "-c", ",".join(map(str, cpus))] + command
    done = subprocess.run(bound, env=environment(threads), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def make_file(folder, shape):
    """The data of a shape, from fixed seeds."""
    import numpy

    path = os.path.join(folder, f"{shape[0]}x{shape[1]}.f64")
    if os.path.exists(path):
        return path
    random = numpy.random.RandomState(1)
    if shape == SCORES:
        labels = random.randint(0, 2, shape[0])
        array = numpy.stack([random.normal(size=shape[0]) + labels, labels], axis=1)
    else:
        mixing = random.normal(size=(shape[1], shape[1])) + 3 * numpy.eye(shape[1])
        array = random.normal(size=shape) @ mixing * numpy.linspace(0.1, 10, shape[1])
    array.astype(numpy.float64).tofile(path)
    return path


def measure(task, mode, path, rounds):
    _, shape, _ = TASKS[task]
    _, ranks, threads = MODES[mode]
    cpus = sorted(os.sched_getaffinity(0))[: ranks * threads]
    arguments = [path, str(shape[0]), str(shape[1]), "2"]
    ours = [CORE_BENCH, task] + arguments
    if ranks > 1:
        ours = ["mpirun", "-q", "--bind-to", "core", "-n", str(ranks)] + ours
    theirs = [sys.executable, os.path.abspath(__file__), "--worker", task] + arguments
    seconds = {"ours": [], "theirs": []}
    for _ in range(rounds):
        # The first of the two runs of a process warms it up.
        their = run(theirs, ranks * threads, cpus)
        our = run(ours, threads, cpus)
        seconds["theirs"].append(min(their["seconds"]))
        seconds["ours"].append(min(our["seconds"]))
    # scikit-learn's sketch takes other random numbers, and fewer iterations.
    tolerance = 1e-2 if task == "pca_randomized" else 1e-6
    if abs(our["value"] - their["value"]) > tolerance * abs(their["value"]):
        sys.exit(f"{task}: {our['value']} and {their['value']} are not the same result")
    return statistics.median(seconds["theirs"]), statistics.median(seconds["ours"]), their


def measure_apart(task, path, rounds):
    """Seconds of two processes that run at once, each with half of the rows, and send nothing:
    what two cores of this machine can reach."""
    rows, columns = TASKS[task][1]
    # Many runs: both processes are at work during most of them, whichever began first.
    arguments = [path, str(rows // 2), str(columns), "15"]
    seconds = []
    for _ in range(rounds):
        processes = [
            subprocess.Popen(["taskset", "-c", str(cpu), CORE_BENCH, task] + arguments,
                             env=environment(1), stdout=subprocess.PIPE, text=True)
            for cpu in sorted(os.sched_getaffinity(0))[:2]
        ]
        outputs = [process.communicate()[0] for process in processes]
        if any(process.returncode != 0 for process in processes):
            sys.exit(f"{task}: a process failed")
        seconds.append(max(statistics.median(json.loads(output)["seconds"]) for output in outputs))
    return statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", default=",".join(TASKS))
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--apart", action="store_true",
                        help="also two processes with half of the rows each, which send nothing")
    parser.add_argument("--runs", type=int, default=5, help="processes of each side")
    parser.add_argument("--worker", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        task, path, rows, columns, runs = options.worker
        return numpy_worker(task, path, int(rows), int(columns), int(runs))

    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "core_bench"], check=True,
                   stdout=subprocess.DEVNULL)
    tasks, modes = options.tasks.split(","), options.modes.split(",")
    rows, one_core, software = [], {}, {}
    with tempfile.TemporaryDirectory(prefix="core_vs_numpy-") as folder:
        for task in tasks:
            path = make_file(folder, TASKS[task][1])
            for mode in modes:
                if MODES[mode][1] > 1 and not TASKS[task][2]:
                    continue
                theirs, ours, software = measure(task, mode, path, options.runs)
                if mode == "core":
                    one_core[task] = ours
                speedup = one_core[task] / ours if task in one_core else float("nan")
                rows.append((task, TASKS[task][0], MODES[mode][0], theirs, ours, theirs / ours,
                             speedup))
                print(f"{task}, {MODES[mode][0]}: {theirs:.4f} s, {ours:.4f} s, "
                      f"{theirs / ours:.2f}", file=sys.stderr)
            if options.apart and TASKS[task][2]:
                ours = measure_apart(task, path, options.runs)
                speedup = one_core[task] / ours if task in one_core else float("nan")
                print(f"{task}, two processes apart: {ours:.4f} s, {speedup:.2f} of one core")
    print(f"numpy {software['numpy']} over {software['blas']}\n")
    print("| Task | Theirs | Mode | numpy, scikit-learn (s) | Lockstep (s) | Ratio | To one core |")
    print("|---|---|---|---|---|---|---|")
    for task, call, mode, theirs, ours, ratio, speedup in rows:
        print(f"| {task} | `{call}` | {mode} | {theirs:.4f} | {ours:.4f} | {ratio:.2f} | {speedup:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
