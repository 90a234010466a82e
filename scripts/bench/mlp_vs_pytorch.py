#!/usr/bin/python3
"""Training speed of Lockstep and PyTorch, on the same shapes, batches, cores and threads.

    scripts/bench/mlp_vs_pytorch.py [--shapes 784-10,...] [--modes core,threads,ranks] [--runs 3]

Both sides run in turn, several times; the table has the medians and their ratio. README.md beside
this file says what is measured.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOCKSTEP = os.path.join(ROOT, "build", "release", "trainer", "lockstep")

# Widths → (rows of the whole batch, rows of an epoch). An epoch lasts a few seconds at most.
SHAPES = {
    "784-512-256-10": (256, 32768),
    "784-128-10": (128, 65536),
    "784-10": (256, 65536),
    "784-2048-2048-10": (512, 4096),
}
# Mode → (heading, ranks, threads of a rank)
MODES = {
    "core": ("one core", 1, 1),
    "threads": ("two threads", 1, 2),
    "ranks": ("two ranks", 2, 1),
}
EPOCHS = 4


def physical_cores():
    """One logical CPU of each physical core that this process may use, in order."""
    cores = {}
    for cpu in sorted(os.sched_getaffinity(0)):
        try:
            with open(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") as file:
                siblings = file.read().strip()
        except OSError:
            siblings = str(cpu)
        cores.setdefault(siblings, cpu)
    return list(cores.values())


def openblas_core():
    """OPENBLAS_CORETYPE under which PyTorch is fastest here: empty for OpenBLAS's own choice.

    On CPUs with bfloat16 instructions OpenBLAS 0.3.21 takes its Cooperlake kernels, with which
    training is 3.6 times slower than with those of SkylakeX.
    """
    with open("/proc/cpuinfo") as file:
        return "SkylakeX" if "avx512_bf16" in file.read() else ""


def environment(threads, extra=()):
    variables = dict(os.environ)
    variables.update(OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    if os.geteuid() == 0:
        variables.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    variables.update(extra)
    return variables


def on_cpus(cpus, command):
    return ["taskset", "-c", ",".join(map(str, cpus))] + command


def median_after_first(rates):
    return statistics.median(rates[1:])


# --- PyTorch: the functions down to torch_worker run in processes of their own -------------------


def make_network(torch, widths):
    torch.manual_seed(1)
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def train_torch(torch, model, x, y, batch, barrier):
    """Seconds of each epoch, from when all processes are ready until all have finished."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_function = torch.nn.CrossEntropyLoss()
    seconds = []
    for _ in range(EPOCHS):
        barrier()
        start = time.perf_counter()
        order = torch.randperm(len(x))
        for first in range(0, len(x), batch):
            chosen = order[first : first + batch]
            loss = loss_function(model(x[chosen]), y[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        barrier()
        seconds.append(time.perf_counter() - start)
    return seconds


def torch_worker(job):
    """Trains in this process; rank 0 prints the rows per second of all ranks, a number an epoch."""
    import torch

    torch.set_num_threads(job["threads"])
    widths = [int(width) for width in job["shape"].split("-")]
    batch, rows = SHAPES[job["shape"]]
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    generator = torch.Generator().manual_seed(2 + rank)
    x = torch.rand(rows // ranks, widths[0], generator=generator)
    y = torch.randint(widths[-1], (rows // ranks,), generator=generator)
    model = make_network(torch, widths)
    barrier = lambda: None
    if ranks > 1:
        torch.distributed.init_process_group("gloo")
        model = torch.nn.parallel.DistributedDataParallel(model, gradient_as_bucket_view=True)
        barrier = torch.distributed.barrier
    seconds = train_torch(torch, model, x, y, batch // ranks, barrier)
    if rank == 0:
        print(json.dumps([rows / each for each in seconds]))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def run_torch(shape, ranks, threads, cpus):
    """Median rows per second of PyTorch; one process a rank, started by hand."""
    job = json.dumps({"shape": shape, "threads": threads})
    command = [sys.executable, os.path.abspath(__file__), "--torch-worker", job]
    port = str(free_port())
    processes = []
    for rank in range(ranks):
        # Its OpenMP threads would spin on the cores that OpenBLAS's own threads need.
        extra = {"OMP_WAIT_POLICY": "passive"}
        if openblas_core():
            extra["OPENBLAS_CORETYPE"] = openblas_core()
        if ranks > 1:
            extra |= {
                "RANK": str(rank),
                "WORLD_SIZE": str(ranks),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port,
            }
        mine = cpus[rank * threads : (rank + 1) * threads]
        processes.append(
            subprocess.Popen(
                on_cpus(mine, command), env=environment(threads, extra), stdout=subprocess.PIPE
            )
        )
    outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode != 0 for process in processes):
        sys.exit("mlp_vs_pytorch.py: PyTorch failed; its message stands above")
    return median_after_first(json.loads(outputs[0]))


# --- Lockstep ------------------------------------------------------------------------------------


def run_lockstep(shape, ranks, threads, cpus):
    """Median rows per second of Lockstep, as its result.json states it."""
    batch, rows = SHAPES[shape]
    hidden = shape.split("-")[1:-1]
    model = ["--model.type=mlp", "--model.hidden=" + ",".join(hidden)]
    with tempfile.TemporaryDirectory(prefix="lockstep-bench-") as folder:
        command = [LOCKSTEP, "train", "--data.format=synthetic", "--synthetic.kind=digits"]
        command += [f"--synthetic.rows={rows}", "--synthetic.test_rows=0"]
        command += model if hidden else ["--model.type=softmax"]
        command += ["--train.optimizer=adam", "--train.learning_rate=0.001"]
        command += [f"--train.batch_size={batch}", f"--train.epochs={EPOCHS}"]
        command += [f"--run.threads={threads}", f"--output.dir={folder}/run"]
        if ranks > 1:
            command = ["mpirun", "-n", str(ranks), "--bind-to", "core"] + command
        else:
            command = on_cpus(cpus[:threads], command)
        result = subprocess.run(
            command,
            env=environment(threads),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if result.returncode != 0:
            sys.exit(f"mlp_vs_pytorch.py: {' '.join(command)} failed:\n{result.stderr}")
        with open(f"{folder}/run/result.json", encoding="utf-8") as file:
            return json.load(file)["rows_per_second"]


# --- The table -----------------------------------------------------------------------------------


def first_line(command):
    output = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return output.split("\n")[0]


def machine_lines():
    """What the numbers were measured on and with, as Markdown items."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    probe = "import torch; print(torch.__version__, torch.__file__)"
    version, path = first_line([sys.executable, "-c", probe]).split(" ", 1)
    blas = "not known"
    library = os.path.join(os.path.dirname(path), "lib", "libtorch_cpu.so")
    for line in subprocess.run(["ldd", library], capture_output=True, text=True).stdout.split("\n"):
        if "libblas.so" in line and "=>" in line:
            blas = os.path.realpath(line.split("=>")[1].split()[0])
    yield f"CPU: {models[0] if models else 'not known'}, {len(physical_cores())} cores in use"
    yield f"Lockstep: {first_line([LOCKSTEP, '--version'])}; {first_line(['g++', '--version'])}"
    yield first_line(["mpirun", "--version"])
    yield f"PyTorch {version}; BLAS: {blas}"


def check_ready(modes):
    if not os.path.exists(LOCKSTEP):
        sys.exit(f"mlp_vs_pytorch.py: {LOCKSTEP} is missing; run scripts/build.sh")
    if subprocess.run([sys.executable, "-c", "import torch"], capture_output=True).returncode != 0:
        sys.exit(
            f"mlp_vs_pytorch.py: {sys.executable} has no PyTorch; run "
            "scripts/install_deps.sh --bench, then this with /usr/bin/python3"
        )
    needed = max(MODES[mode][1] * MODES[mode][2] for mode in modes)
    if len(physical_cores()) < needed:
        sys.exit(f"mlp_vs_pytorch.py: needs {needed} cores, has {len(physical_cores())}")


def words(known):
    """A type for argparse: a comma list of known words."""

    def parse(text):
        chosen = text.split(",")
        for word in chosen:
            if word not in known:
                raise argparse.ArgumentTypeError(f"unknown '{word}'; known: {', '.join(known)}")
        return chosen

    return parse


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--shapes", type=words(SHAPES), default=list(SHAPES), help="comma list")
    parser.add_argument("--modes", type=words(MODES), default=list(MODES), help="comma list")
    parser.add_argument("--runs", type=int, default=3, help="runs of each side, in turn")
    parser.add_argument("--torch-worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.torch_worker:
        torch_worker(json.loads(options.torch_worker))
        return
    if options.runs < 1:
        parser.error("--runs: expected at least 1")
    check_ready(options.modes)

    cpus = physical_cores()
    for line in machine_lines():
        print(f"- {line}")
    print(f"- medians of {options.runs} runs in turn, rows per second, Adam, {EPOCHS} epochs\n")
    print("| Shape | Batch | Mode | PyTorch | Lockstep | Ratio |")
    print("|---|---|---|---|---|---|", flush=True)
    for shape in options.shapes:
        for mode in options.modes:
            heading, ranks, threads = MODES[mode]
            theirs, ours = [], []
            for _ in range(options.runs):
                theirs.append(run_torch(shape, ranks, threads, cpus))
                ours.append(run_lockstep(shape, ranks, threads, cpus))
            their, our = statistics.median(theirs), statistics.median(ours)
            print(
                f"| {shape} | {SHAPES[shape][0]} | {heading} | {their:,.0f} | {our:,.0f} "
                f"| {our / their:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
