#!/usr/bin/env python3
"""Interrupts training runs at random moments, and compares what they end with when they go on.

    scripts/interruption_campaign.py [--program build/ci/trainer/lockstep] [--trials 200] [--seed N]

A trial starts a run on 1 to 4 ranks of 1 or 2 threads with a checkpoint every few steps, interrupts
it, and goes on with it, `train --resume`, on other ranks and threads; up to three times. It is
interrupted by SIGKILL of one rank or of all processes, by SIGUSR1, SIGTERM or SIGINT, or by a file
system that is full. In the end the model and the metrics must be, byte for byte, those of a run
that was never interrupted. Prints a line a trial that fails, and what interrupted how many runs.
The exit code is 0 when all trials end so.

A rank that SIGKILL ends while MPI starts can leave mpirun of Open MPI 4.1 behind with "PMIX ERROR:
UNREACHABLE", deaf to the end of all its ranks. Such a launcher is killed and counted, and the trial
goes on.
"""

import argparse
import collections
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STOPPED = 75  # the exit code of a run that was stopped on request
NO_RUN = 66  # ... of --resume where nothing has begun
STUCK_LAUNCHER = b"PMIX ERROR: UNREACHABLE"

RUNS = {
    "network": [
        "--synthetic.rows=3000", "--synthetic.test_rows=400", "--model.type=mlp",
        "--model.hidden=48", "--train.batch_size=100", "--train.epochs=6",
        "--train.schedule=cosine", "--checkpoint.every_steps=1",
    ],
    "sparse": [
        "--data.train=sparse.svm", "--model.type=logistic", "--data.validation_fraction=0.2",
        "--train.optimizer=sgd", "--train.momentum=0.9", "--penalty.l1=0.0001",
        "--train.batch_size=20", "--train.epochs=4", "--train.precision=double",
        "--checkpoint.every_steps=5",
    ],
    "full-batch": [
        "--data.train=sparse.svm", "--model.type=logistic", "--penalty.l2=0.00001",
        "--train.optimizer=lbfgs", "--train.batch_size=all", "--train.epochs=40",
        "--train.precision=double", "--lbfgs.tolerance=0", "--checkpoint.every_steps=1",
    ],
    "folds": [
        "--data.train=sparse.svm", "--model.type=svm", "--data.folds=2", "--train.batch_size=50",
        "--train.epochs=3", "--checkpoint.every_epochs=1",
    ],
}


def write_sparse_rows(path):
    generator = random.Random(5)
    with open(path, "w", encoding="ascii") as file:
        for _ in range(1500):
            columns = sorted(generator.sample(range(1, 4000), 6))
            cells = " ".join(f"{c}:{generator.gauss(0, 1):.3f}" for c in columns)
            file.write(f"{generator.choice((-1, 1))} {cells}\n")


def children_of(parent):
    """The processes that were started by `parent`, directly or not."""
    parents = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                parents[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = [parent]
    for process in found:
        found += [child for child, of in parents.items() if of == process]
    return found[1:]


class Campaign:
    def __init__(self, program, folder, seed):
        self.program = program
        self.folder = folder
        self.seed = seed
        self.seconds = {}  # of a run that is not interrupted, by kind, and whether under mpirun
        self.results = {}
        self.interruptions = collections.Counter()
        self.during_saves = 0
        self.stuck_launchers = 0
        self.has_small_file_systems = self.mount("probe")
        if self.has_small_file_systems:
            self.unmount("probe")

    def mount(self, name, kilobytes=64):
        path = os.path.join(self.folder, name)
        os.makedirs(path, exist_ok=True)
        return subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", path],
            stderr=subprocess.DEVNULL, check=False,
        ).returncode == 0

    def unmount(self, name):
        subprocess.run(["umount", os.path.join(self.folder, name)], check=True)

    def start(self, arguments, ranks, threads, log, limit=None):
        command = [self.program, "train", *arguments]
        if ranks > 1:
            command = ["mpirun", "-q", "--oversubscribe", "-n", str(ranks), *command]
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OMP_WAIT_POLICY="passive")

        def set_limit():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        with open(log, "a", encoding="utf-8") as out:
            return subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=out, stderr=out,
                preexec_fn=set_limit,
            )

    def finish(self, process, processes=(), log=None, since=0):
        """The exit code, once all of the run is gone; None for a run that hangs. With a log of a run
        that lost a rank, and where it begins in it, one that hangs since its launcher does is ended.
        """
        try:
            code = process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            code = None
            if log:
                with open(log, "rb") as file:
                    file.seek(since)
                    if STUCK_LAUNCHER in file.read():
                        self.stuck_launchers += 1
                        code = -signal.SIGKILL
            for each in [*children_of(process.pid), process.pid]:
                os.kill(each, signal.SIGKILL)
            process.wait()
            if code is None:
                return None
        deadline = time.monotonic() + 20
        while any(os.path.exists(f"/proc/{p}/exe") for p in processes):
            if time.monotonic() > deadline:
                return None
            time.sleep(0.01)
        return code

    def result_of(self, run):
        """Path → bytes of the models and metrics of a run."""
        found = {}
        top = os.path.join(self.folder, run)
        for folder, _, names in os.walk(top):
            for name in names:
                if name in ("model.safetensors", "metrics.jsonl"):
                    path = os.path.join(folder, name)
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, top)] = file.read()
        return found

    def run_whole(self, kind):
        """The run that nobody interrupts: its result, and how long it takes."""
        for ranks in (1, 2):
            log = os.path.join(self.folder, f"whole-{kind}.log")
            run = f"whole-{kind}-{ranks}"
            start = time.monotonic()
            process = self.start([*RUNS[kind], f"--output.dir={run}"], ranks, 1, log)
            if self.finish(process) != 0:
                sys.exit(open(log, encoding="utf-8").read())
            self.seconds[kind, ranks > 1] = time.monotonic() - start
            result = self.result_of(run)
            if result != self.results.setdefault(kind, result):
                sys.exit(f"{kind}: two ranks give another result than one")

    def interrupt(self, process, cause, generator, seconds):
        """Lets the run be for a while, then interrupts it. Returns its processes."""
        time.sleep(generator.uniform(0.05, 1.0) * seconds)
        ranks = children_of(process.pid) or [process.pid]
        processes = [*ranks, process.pid]
        try:
            if cause == "kill a rank":
                os.kill(generator.choice(ranks), signal.SIGKILL)
            elif cause == "kill all":
                for each in reversed(processes):
                    os.kill(each, signal.SIGKILL)
            elif cause == "SIGUSR1":
                os.kill(process.pid, signal.SIGUSR1)
            elif cause == "SIGTERM":
                for each in ranks:
                    os.kill(each, signal.SIGTERM)
            elif cause == "SIGINT":
                os.kill(generator.choice(ranks), signal.SIGINT)
        except ProcessLookupError:
            pass  # it was faster
        return ranks

    def count_half_saves(self, run):
        for _, names, _ in os.walk(os.path.join(self.folder, run)):
            self.during_saves += sum(name.endswith(".tmp") for name in names)

    def trial(self, number):
        """What is wrong with how it ends, or ""."""
        generator = random.Random(f"{self.seed} {number}")
        kind = list(RUNS)[number % len(RUNS)]
        run = f"run-{number}"
        log = os.path.join(self.folder, f"{run}.log")
        causes = ["kill a rank", "kill all", "SIGUSR1", "SIGTERM", "SIGINT"]
        if generator.random() < 0.15:
            first = "full file system"
        else:
            first = generator.choice(causes)
        is_small = first == "full file system" and self.has_small_file_systems
        if is_small:
            self.mount(run, generator.choice((24, 40, 64, 120)))
        try:
            begin = [*RUNS[kind], f"--output.dir={run}"] + (["--overwrite"] if is_small else [])
            limit = generator.choice((2000, 9000, 30000)) if first == "full file system" else None
            code = NO_RUN
            for part in range(generator.randint(1, 3)):
                ranks, threads = generator.randint(1, 4), generator.randint(1, 2)
                arguments = begin if code == NO_RUN else ["--resume", run]
                cause = first if part == 0 else generator.choice(causes)
                is_full = cause == "full file system"
                logged = os.path.getsize(log) if os.path.exists(log) else 0
                process = self.start(arguments, ranks, threads, log,
                                     limit if is_full and not is_small else None)
                processes = []
                if not is_full:
                    processes = self.interrupt(process, cause, generator,
                                               self.seconds[kind, ranks > 1])
                is_killed = cause in ("kill a rank", "kill all")
                code = self.finish(process, processes, log if is_killed else None, logged)
                if code is None:
                    return f"{kind}: {cause}: hangs"
                if code != 0:
                    self.interruptions[cause] += 1
                    self.count_half_saves(run)
                if is_small:
                    subprocess.run(["mount", "-o", "remount,size=64m",
                                    os.path.join(self.folder, run)], check=True)
                if not os.path.exists(os.path.join(self.folder, run, "config.ini")):
                    code = NO_RUN
                elif code == NO_RUN:
                    return f"{kind}: {cause}: --resume finds no run"
            for _ in range(2):
                arguments = begin if code == NO_RUN else ["--resume", run]
                process = self.start(arguments, generator.randint(1, 4), generator.randint(1, 2), log)
                code = self.finish(process)
                if code != NO_RUN:
                    break
            if code != 0:
                return f"{kind}: after {first}: ends with {code}"
            result = self.result_of(run)
            differing = [path for path in self.results[kind]
                         if result.get(path) != self.results[kind][path]]
            return f"{kind}: after {first}: {', '.join(differing)} differ" if differing else ""
        finally:
            if is_small:
                self.unmount(run)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--program", default=os.path.join(ROOT, "build/ci/trainer/lockstep"))
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", action="store_true", help="keep the folder of the runs")
    options = parser.parse_args()
    if os.getuid() == 0:
        os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    folder = tempfile.mkdtemp(prefix="lockstep-interruptions-")
    failures = 0
    try:
        write_sparse_rows(os.path.join(folder, "sparse.svm"))
        campaign = Campaign(os.path.abspath(options.program), folder, options.seed)
        for kind in RUNS:
            campaign.run_whole(kind)
        for number in range(options.trials):
            wrong = campaign.trial(number)
            run = os.path.join(folder, f"run-{number}")
            if wrong:
                failures += 1
                print(f"seed {options.seed}, trial {number}: {wrong}")
                with open(run + ".log", encoding="utf-8") as log:
                    print("  " + "\n  ".join(log.read().splitlines()[-12:]), flush=True)
            elif not options.keep:
                shutil.rmtree(run)
        causes = ", ".join(f"{cause} {n}" for cause, n in sorted(campaign.interruptions.items()))
        print(f"seed {options.seed}: {options.trials - failures} of {options.trials} trials end as "
              f"the run that was not interrupted; interrupted by: {causes}; "
              f"{campaign.during_saves} while saving; "
              f"{campaign.stuck_launchers} launchers stuck")
    finally:
        if options.keep:
            print(folder)
        else:
            shutil.rmtree(folder)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
