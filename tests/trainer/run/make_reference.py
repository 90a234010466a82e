#!/usr/bin/env python3
"""Reference numbers of tests/trainer/run, by PyTorch: writes reference.json beside this script.

    tests/trainer/run/make_reference.py

Networks that PyTorch trained in double: the rows and the initial parameters, and for each case the
loss of every step and the parameters after the last. Which rows a step takes is worked out here
from what core/parallel/lanes.hpp and core/base/random.hpp say of it.
"""

import json
import os

import numpy
import torch
from torch.nn import functional

STEPS = 20
ROWS = 27
LANES = 4
FEATURES = 5
HIDDEN = (7, 3)

# What is predicted, in the rows too → by what network.
PROBLEMS = {
    "classes": {"activation": "tanh", "loss": "cross_entropy", "outputs": 4},
    "numbers": {"activation": "relu", "loss": "squared", "outputs": 2},
    "mixed": {"activation": "tanh", "loss": "cross_entropy", "outputs": 3},
}

# Of "mixed": behind the features, columns of so many categories, with so many numbers for each.
EMBEDDED = ((6, 3), (2, 18))

# Of each row, from scores and targets.
LOSSES = {
    "cross_entropy": lambda s, y: functional.cross_entropy(s, y, reduction="none"),
    "squared": lambda s, y: 0.5 * ((s - y) ** 2).sum(dim=1),
}

# What a case has unless it says otherwise. The names are those of Lockstep; "shuffle" and
# "weighted" say whether there is any, and "l2" is λ₂.
PLAIN = {
    "problem": "classes",
    "optimizer": "sgd",
    "learning_rate": 0.3,
    "momentum": 0.0,
    "nesterov": False,
    "beta1": 0.9,
    "beta2": 0.999,
    "rho": 0.99,
    "epsilon": 1e-8,
    "weight_decay": 0.0,
    "l2": 0.0,
    "clip_value": None,
    "clip_norm": None,
    "batch": 9,
    "shuffle": False,
    "seed": 0xFEDCBA9876543210,
    "weighted": False,
    "normalization": "none",
}

ADAM = {"optimizer": "adam", "learning_rate": 0.05, "beta1": 0.8, "beta2": 0.9}
RMSPROP = {"optimizer": "rmsprop", "learning_rate": 0.02, "rho": 0.9}
MOMENTUM = {"learning_rate": 0.1, "momentum": 0.9}
ADAMW = {"optimizer": "adamw", "learning_rate": 0.05, "weight_decay": 0.1}

CASES = {
    "adagrad": {"optimizer": "adagrad", "learning_rate": 0.2, "epsilon": 1e-10},
    "adam": ADAM,
    "adamw": ADAMW,
    "amsgrad": {**ADAM, "optimizer": "amsgrad"},
    "momentum": MOMENTUM,
    "nesterov": {**MOMENTUM, "nesterov": True},
    "rmsprop": RMSPROP,
    "rmsprop_momentum": {**RMSPROP, "momentum": 0.5},
    "sgd": {},
    "clip_norm": {"clip_norm": 0.55},
    "clip_value": {"clip_value": 0.1},
    "clip_both": {"clip_value": 0.1, "clip_norm": 0.4},
    "clip_then_l2": {**ADAM, "clip_norm": 0.4, "l2": 0.05},
    "short_batch": {"batch": 10},
    "shuffled": {"shuffle": True},
    "squared": {"problem": "numbers", "learning_rate": 0.1},
    "batch_norm": {"normalization": "batch"},
    "batch_norm_all": {
        **ADAMW,
        # Biases in front of it have gradients of rounding alone, of which a small ε makes steps.
        "epsilon": 1e-4,
        "normalization": "batch",
        "clip_norm": 0.4,
        "batch": 10,
        "shuffle": True,
        "weighted": True,
    },
    "layer_norm": {"normalization": "layer"},
    "embedding": {"problem": "mixed"},
    "embedding_all": {
        **ADAM,
        "problem": "mixed",
        "l2": 0.01,
        "clip_norm": 0.6,
        "batch": 10,
        "shuffle": True,
        "weighted": True,
    },
    "weighted": {"weighted": True},
    "all": {
        **ADAMW,
        "clip_value": 0.2,
        "clip_norm": 0.4,
        "batch": 10,
        "shuffle": True,
        "weighted": True,
    },
    "all_squared": {
        **MOMENTUM,
        "problem": "numbers",
        "learning_rate": 0.05,
        "clip_value": 0.5,
        "clip_norm": 1.0,
        "l2": 0.01,
        "batch": 10,
        "shuffle": True,
        "weighted": True,
    },
}


def draws(seed, epoch, lane):
    """64-bit words of Philox4x64-10, whose key is (seed, 2) for shuffles, at (epoch, lane, 0, d)."""
    key = seed + (2 << 64)
    block = 0
    while True:
        counter = epoch + (lane << 64) + (block << 192)
        # numpy counts up before it draws.
        words = numpy.random.Philox(counter=(counter - 1) % 2**256, key=key).random_raw(4)
        yield from (int(word) for word in words)
        block += 1


def below(words, n):
    """Uniform in [0, n): the high half of word·n, unless the low half is below 2⁶⁴ mod n."""
    while True:
        high, low = divmod(next(words) * n, 2**64)
        if low >= 2**64 % n:
            return high


def permutation(words, n):
    """Fisher and Yates' shuffle, from the end."""
    order = list(range(n))
    for last in range(n - 1, 0, -1):
        other = below(words, last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def rows_of_epoch(case, epoch):
    """The rows in the order in which the steps take them: row j of lane l has place j·L + l."""
    longer = ROWS % LANES  # so many lanes, the first ones, have one row more
    places = [None] * ROWS
    first = 0
    for lane in range(LANES):
        size = ROWS // LANES + (1 if lane < longer else 0)
        order = permutation(draws(case["seed"], epoch, lane), size)
        for j in range(size):
            places[j * LANES + lane] = first + (order[j] if case["shuffle"] else j)
        first += size
    return places


def batches(case):
    """The rows of each step."""
    epoch = 1
    while True:
        places = rows_of_epoch(case, epoch)
        for begin in range(0, ROWS, case["batch"]):
            yield places[begin : begin + case["batch"]]
        epoch += 1


class Mlp(torch.nn.Module):
    def __init__(self, problem, normalization="none"):
        super().__init__()
        embedded = EMBEDDED if problem is PROBLEMS["mixed"] else ()
        self.embeddings = torch.nn.ModuleList(torch.nn.Embedding(k, d) for k, d in embedded)
        inputs = FEATURES + sum(d for _, d in embedded)
        widths = (inputs, *HIDDEN, problem["outputs"])
        self.activation = getattr(torch, problem["activation"])
        self.layers = torch.nn.ModuleList(
            torch.nn.Linear(i, o) for i, o in zip(widths, widths[1:])
        )

        norm = {
            "none": lambda _: torch.nn.Identity(),
            "batch": torch.nn.BatchNorm1d,
            "layer": torch.nn.LayerNorm,
        }[normalization]
        self.norms = torch.nn.ModuleList(norm(width) for width in HIDDEN)

    def forward(self, x):
        looked_up = [e(x[:, FEATURES + i].long()) for i, e in enumerate(self.embeddings)]
        x = torch.cat([x[:, :FEATURES], *looked_up], dim=1)
        for layer, norm in zip(self.layers[:-1], self.norms):
            x = self.activation(norm(layer(x)))
        return self.layers[-1](x)


def make_optimizer(case, network):
    """Matrices alone decay or are penalised; the gradient of λ₂w² is 2λ₂w."""
    name = case["optimizer"]
    decay = case["weight_decay"] if name == "adamw" else 2 * case["l2"]
    parameters = list(network.named_parameters())
    groups = [
        {"params": [p for _, p in parameters if p.dim() == 2], "weight_decay": decay},
        {"params": [p for _, p in parameters if p.dim() == 1], "weight_decay": 0.0},
    ]
    rate = case["learning_rate"]
    epsilon = case["epsilon"]
    betas = (case["beta1"], case["beta2"])
    momentum = case["momentum"]
    if name == "adagrad":
        return torch.optim.Adagrad(groups, lr=rate, eps=epsilon)
    if name in ("adam", "amsgrad"):
        return torch.optim.Adam(
            groups, lr=rate, betas=betas, eps=epsilon, amsgrad=name == "amsgrad"
        )
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=rate, betas=betas, eps=epsilon)
    if name == "rmsprop":
        return torch.optim.RMSprop(
            groups, lr=rate, alpha=case["rho"], eps=epsilon, momentum=momentum
        )
    assert name == "sgd"
    return torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=case["nesterov"])


def lists_of(state):
    """Parameters as Lockstep has them: inputs × outputs, and one row for a bias."""
    return {
        name: (p if name.startswith("embeddings") else p.reshape(len(p), -1).T).tolist()
        for name, p in state.items()
        if not name.endswith("num_batches_tracked")
    }


def train(case, rows, state):
    """The mean loss of the rows of each step, without weights, and the parameters after them."""
    problem = PROBLEMS[case["problem"]]
    loss_of_rows = LOSSES[problem["loss"]]
    network = Mlp(problem, case["normalization"])
    network.load_state_dict(state, strict=False)  # norms begin as they do
    optimizer = make_optimizer(case, network)
    x = torch.tensor(rows["features"])
    if case["problem"] == "mixed":
        x = torch.cat([x, torch.tensor(rows["categories"], dtype=x.dtype)], dim=1)
    y = torch.tensor(rows[case["problem"]])
    weights = torch.tensor(rows["weights"] if case["weighted"] else [1.0] * ROWS)
    means = []
    for _, batch in zip(range(STEPS), batches(case)):
        losses = loss_of_rows(network(x[batch]), y[batch])
        optimizer.zero_grad()
        ((weights[batch] * losses).sum() / len(batch)).backward()
        if case["clip_value"] is not None:
            torch.nn.utils.clip_grad_value_(network.parameters(), case["clip_value"])
        if case["clip_norm"] is not None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), case["clip_norm"])
        optimizer.step()
        means.append(losses.mean().item())
    return {**case, "losses": means, "theta": lists_of(network.state_dict())}


def main():
    torch.set_default_dtype(torch.float64)
    random = numpy.random.RandomState(11)
    classes = PROBLEMS["classes"]["outputs"]
    numbers = PROBLEMS["numbers"]["outputs"]
    rows = {
        "features": numpy.round(random.uniform(-2, 2, (ROWS, FEATURES)), 3).tolist(),
        "classes": random.randint(0, classes, ROWS).tolist(),
        "numbers": numpy.round(random.normal(size=(ROWS, numbers)), 3).tolist(),
        # Some of them 0.
        "weights": numpy.round(numpy.maximum(0, random.uniform(-0.5, 2, ROWS)), 3).tolist(),
    }
    # Their own, which leave the others as they are.
    more = numpy.random.RandomState(12)
    rows["categories"] = more.randint(0, [k for k, _ in EMBEDDED], (ROWS, len(EMBEDDED))).tolist()
    rows["mixed"] = more.randint(0, PROBLEMS["mixed"]["outputs"], ROWS).tolist()
    starts = {
        name: {
            tensor: torch.tensor(numpy.round(random.normal(scale=0.7, size=p.shape), 3))
            for tensor, p in Mlp(problem).state_dict().items()
        }
        for name, problem in PROBLEMS.items()
    }
    cases = {name: {**PLAIN, **changes} for name, changes in CASES.items()}
    reference = {
        "torch": torch.__version__,
        "steps": STEPS,
        "lanes": LANES,
        "hidden": HIDDEN,
        "embedded": EMBEDDED,
        "problems": PROBLEMS,
        "rows": rows,
        "starts": {problem: lists_of(state) for problem, state in starts.items()},
        "cases": {name: train(case, rows, starts[case["problem"]]) for name, case in cases.items()},
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
