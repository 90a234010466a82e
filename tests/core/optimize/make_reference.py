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


EPOCHS = 12
STEPS_OF_EPOCH = 5
TOTAL = EPOCHS * STEPS_OF_EPOCH

# Name → what PyTorch makes of an optimizer, stepped once a step of training.
SCHEDULES = {
    "step": lambda o: torch.optim.lr_scheduler.StepLR(o, 3 * STEPS_OF_EPOCH, gamma=0.4),
    "exponential": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.7 ** (1 / STEPS_OF_EPOCH)),
    "polynomial": lambda o: torch.optim.lr_scheduler.PolynomialLR(o, TOTAL, power=1.7),
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, TOTAL, eta_min=0.05),
    "one_cycle": lambda o: torch.optim.lr_scheduler.OneCycleLR(
        o, max_lr=1.0, total_steps=TOTAL, cycle_momentum=False
    ),
    "inverse_sqrt": lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda t: (1 + t) ** -0.5),
}


def rates(make_schedule):
    """The rate of each step, of an optimizer whose rate is 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make_schedule(optimizer)
    found = []
    for _ in range(TOTAL):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(found) < TOTAL:
            schedule.step()
    return found


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
        "epochs": EPOCHS,
        "steps_of_epoch": STEPS_OF_EPOCH,
        "rates": {name: rates(make_schedule) for name, make_schedule in SCHEDULES.items()},
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reference.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(reference, file, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
