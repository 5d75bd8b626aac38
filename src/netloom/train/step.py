"""One step of training, for any task: losses pull gradients, gradients move weights."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from netloom.train.plan import Plan
from netloom.train.recipe import Recipe
from netloom.train.state import State


def take_step(
    state: State, task: Any, batches: Iterable[Any], generator: torch.Generator, recipe: Recipe, plan: Plan
) -> list[tuple[str, Tensor]]:
    """Train on `accumulate` batches; gives every (group, loss) the task yielded.

    The task is resumed after its group's optimiser has moved, so that what it computes next sees the new weights.
    A group moves at every `accumulate`-th of its own losses. Only its own parameters receive gradients.
    """
    losses = []
    for batch in batches:
        for group, loss in plan.losses(task, state.model, batch, generator):
            parameters = state.parameters[group]
            share = loss / recipe.accumulate if recipe.accumulate > 1 else loss
            share.backward(inputs=parameters)  # type: ignore[no-untyped-call]
            losses.append((group, loss.detach()))
            state.yields[group] = (state.yields[group] + 1) % recipe.accumulate
            if state.yields[group] == 0:
                if recipe.clip is not None:
                    torch.nn.utils.clip_grad_norm_(parameters, recipe.clip)
                state.optimisers[group].step()
                state.optimisers[group].zero_grad()
    state.average.update(state.step)
    return losses
