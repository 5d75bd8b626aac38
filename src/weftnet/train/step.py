"""One step of training, for any task: losses pull gradients, gradients move weights."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from weftnet.execution.executor import Executor
from weftnet.train.recipe import Recipe
from weftnet.train.state import State


def take_step(
    state: State, task: Any, batches: Iterable[tuple[Any, float]], generator: torch.Generator, recipe: Recipe,
    executor: Executor,
) -> list[tuple[str, Tensor]]:  # fmt: skip
    """Train on `accumulate` batches, each with its weight; gives every (group, weighted loss) the task yielded.

    The task is resumed after its group's optimiser has moved, so that what it computes next sees the new weights.
    A group moves at every `accumulate`-th of its own losses. Only its own parameters receive gradients.
    """
    losses = []
    for batch, weight in batches:
        for group, loss in executor.losses(task, state.trained, batch, generator):
            share = loss / recipe.accumulate if recipe.accumulate > 1 else loss
            state.team.backward(share, state.pulled[group], weight)
            losses.append((group, loss.detach() if weight == 1.0 else loss.detach() * weight))
            state.yields[group] = (state.yields[group] + 1) % recipe.accumulate
            if state.yields[group] == 0:
                if recipe.clip is not None:
                    torch.nn.utils.clip_grad_norm_(state.parameters[group], recipe.clip)
                state.optimisers[group].step()
                for parameter in state.parameters[group]:
                    parameter.grad = None  # as the optimiser's `zero_grad` does, which takes 10 µs longer
    state.average.update(state.step)
    return losses
