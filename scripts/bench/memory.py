#!/usr/bin/python3
"""Memory of a training, over all its ranks, against the rows that it is given.

    scripts/bench/memory.py [--rows 1060000] [--ranks 1,4]

Writes a CSV file of 128 columns of numbers, and trains a logistic regression on it for an epoch. README.md
beside this file says what is measured.
"""

import argparse
import glob
import os
import resource
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build", "release")
LOCKSTEP = os.path.join(BUILD, "trainer", "lockstep")
COLUMNS = 128


def write_rows(path, rows):
    """Numbers of three places, from a fixed seed; blocks of rows recur, which no reader can know."""
    import random

    draws = random.Random(1)
    block = "".join(
        ",".join(f"{draws.gauss(0, 1):.3f}" for _ in range(COLUMNS)) + f",{'ab'[i % 2]}\n"
        for i in range(1000)
    )
    with open(path, "w") as file:
        file.write(",".join(f"x{j}" for j in range(COLUMNS)) + ",y\n")
        for _ in range(rows // 1000):
            file.write(block)
    return rows // 1000 * 1000


def worker(folder, command):
    """One rank: runs the program, and leaves its largest resident memory, in KiB, in the folder."""
    code = subprocess.run(command, stdout=subprocess.DEVNULL).returncode
    rank = os.environ.get("OMPI_COMM_WORLD_RANK", "0")
    with open(os.path.join(folder, f"memory.{rank}"), "w") as file:
        file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
    sys.exit(code)


def measure(folder, path, ranks):
    variables = dict(os.environ, OMP_NUM_THREADS="1", OMP_WAIT_POLICY="passive")
    if os.geteuid() == 0:
        variables.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    for old in glob.glob(os.path.join(folder, "memory.*")):
        os.remove(old)
    program = [LOCKSTEP, "train", f"--data.train={path}", "--model.type=logistic",
               "--train.epochs=1", f"--output.dir={folder}/run", "--overwrite"]
    command = ["mpirun", "-q", "--oversubscribe", "-n", str(ranks), sys.executable,
               os.path.abspath(__file__), "--worker", folder] + program
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    found = glob.glob(os.path.join(folder, "memory.*"))
    assert len(found) == ranks, found
    return sum(int(open(name).read()) * 1024 for name in found)


def main():
    if sys.argv[1:2] == ["--worker"]:
        worker(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_060_000)
    parser.add_argument("--ranks", default="1,4")
    options = parser.parse_args()
    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--target", "lockstep"], check=True,
                   stdout=subprocess.DEVNULL)
    print("| Ranks | Rows (MB) | Memory of all ranks (MB) | Ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        path = os.path.join(folder, "rows.csv")
        rows_bytes = write_rows(path, options.rows) * COLUMNS * 8
        for ranks in map(int, options.ranks.split(",")):
            used = measure(folder, path, ranks)
            print(f"| {ranks} | {rows_bytes / 1e6:.0f} | {used / 1e6:.0f} | {used / rows_bytes:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
