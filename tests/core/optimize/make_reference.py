#!/usr/bin/env python3
"""Reference numbers of tests/core/optimize, by PyTorch: writes reference.json beside this script.

    tests/core/optimize/make_reference.py
"""

import json
import os

import torch

STEPS = 20
ELEMENTS = 6
RATE = 0.05

# Name → (class of torch.optim, its arguments). The names of the arguments are PyTorch's.
OPTIMIZERS = {
    "adagrad": (torch.optim.Adagrad, {"eps": 1e-10}),
    "adam": (torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 1e-8}),
    "adamw": (torch.optim.AdamW, {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.1}),
    "amsgrad": (torch.optim.Adam, {"betas": (0.9, 0.99), "eps": 1e-8, "amsgrad": True}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-8}),
    "rmsprop_momentum": (torch.optim.RMSprop, {"alpha": 0.9, "eps": 1e-8, "momentum": 0.8}),
    "sgd": (torch.optim.SGD, {}),
}


def trajectory(start, gradients, optimizer_class, arguments):
    """The elements after each step."""
    theta = start.clone().requires_grad_()
    optimizer = optimizer_class([theta], lr=RATE, **arguments)
    points = []
    for gradient in gradients:
        theta.grad = gradient.clone()
        optimizer.step()
        points.append(theta.detach().tolist())
    return points


def main():
    draws = torch.Generator().manual_seed(5)
    start = torch.randn(ELEMENTS, generator=draws, dtype=torch.float64)
    # Of very different sizes, and shrinking: what the largest second moment is for.
    sizes = torch.logspace(-4, 3, ELEMENTS, dtype=torch.float64)
    gradients = torch.randn(STEPS, ELEMENTS, generator=draws, dtype=torch.float64) * sizes
    gradients *= torch.logspace(1, -2, STEPS, dtype=torch.float64)[:, None]
    reference = {
        "torch": torch.__version__,
        "rate": RATE,
        "start": start.tolist(),
        "gradients": gradients.tolist(),
        "points": {
            name: trajectory(start, gradients, *how) for name, how in OPTIMIZERS.items()
        },
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
