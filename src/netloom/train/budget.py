"""How many steps a training takes, said before it starts: from epochs, or from seconds by timing a few steps.

    steps = (budget − time spent timing) / (time of a step + time of an evaluation / steps between evaluations)

The number goes into the run. From then on the training is a function of recipe, seed and steps, not of the clock.
"""

import math
import time
from itertools import islice
from typing import Any

import torch
from torch import nn

from netloom.train.augment import Augment
from netloom.train.evaluation import evaluate
from netloom.train.randomness import device_of, reseed
from netloom.train.recipe import Recipe
from netloom.train.state import State
from netloom.train.step import take_step

#: Batches of the validation split that are timed.
_EVALUATED = 4


def count_steps(model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe) -> int:
    """The steps of a recipe; with a budget the model is trained for a moment and put back as it was."""
    if recipe.steps is not None:
        return recipe.steps
    per_epoch: int = data.steps_per_epoch(recipe.batch_size)
    if recipe.epochs is not None:
        return max(1, math.ceil(recipe.epochs * per_epoch / recipe.accumulate))
    assert recipe.budget is not None  # the recipe saw to it
    began = time.perf_counter()
    before = {name: value.clone() for name, value in [*model.named_parameters(), *model.named_buffers()]}
    step, evaluation = _timed(model, task, data, recipe)
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            value.copy_(before[name])
    model.zero_grad()
    left = recipe.budget - (time.perf_counter() - began)
    every = recipe.evaluation_interval(per_epoch)
    steps = int(left / (step + evaluation / every))
    if steps < every:  # the single evaluation at the end
        steps = min(every, int((left - evaluation) / step))
    return max(1, steps)


def _timed(model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe) -> tuple[float, float]:
    """Seconds of a step and of an evaluation, measured for about a twentieth of the budget, two seconds at most."""
    assert recipe.budget is not None
    device, augment = device_of(model), Augment(recipe.augment, data)
    generator = torch.Generator(device)
    state = State(model, task, recipe)
    state.set_rate(0.0)
    model.train()

    def step(number: int) -> float:
        began = time.perf_counter()
        reseed(device, generator, recipe.seed, number)
        batches = (
            augment(data.train_batch(number, recipe.batch_size, recipe.seed).to(device), generator)
            for _ in range(recipe.accumulate)
        )
        float(take_step(state, task, batches, generator, recipe)[-1][1])  # waits for the device
        return time.perf_counter() - began

    for number in range(2):  # the first steps set things up
        step(number)
    times: list[float] = []
    while sum(times) < min(recipe.budget / 20, 2.0) or len(times) < 3:
        times.append(step(len(times)))
    count = math.ceil(data.sizes.get("validation", 0) / recipe.batch_size)
    if not count:
        return sum(times) / len(times), 0.0
    began = time.perf_counter()
    few = islice(data.batches("validation", recipe.batch_size), _EVALUATED)
    evaluate(state, task, few, device, generator, recipe.seed)
    return sum(times) / len(times), (time.perf_counter() - began) / min(count, _EVALUATED) * count
