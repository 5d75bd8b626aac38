"""One step of training, for any task: losses give gradients, gradients update weights."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from weftnet.data.batch import Batch
from weftnet.tasks._task import Task
from weftnet.train.recipe import Recipe
from weftnet.train.state import State


class GivesLosses(Protocol):
    """What computes the losses of a batch: an executor, or a lesson around one."""

    def losses(
        self, task: Task, model: nn.ModuleDict, batch: Batch, generator: torch.Generator,
        auxiliary: Mapping[str, float] = ...,
    ) -> Iterator[tuple[str, Tensor]]:  # fmt: skip
        """(group, loss), each computed when it is asked for."""


def take_step(
    state: State, task: Task, batches: Iterable[tuple[Batch, float]], generator: torch.Generator, recipe: Recipe,
    giving: GivesLosses,
) -> list[tuple[str, Tensor]]:  # fmt: skip
    """Train on `accumulate` batches, each with its weight; return every (group, weighted loss) that the task yielded.

    The task is resumed after its group's optimiser has stepped, so that it continues with the new weights. A group's
    optimiser steps at every `accumulate`-th of its losses. Only the group's own parameters receive gradients.
    """
    losses = []
    for batch, weight in batches:
        for group, loss in giving.losses(task, state.for_training, batch, generator, recipe.auxiliary):
            share = loss / recipe.accumulate if recipe.accumulate > 1 else loss
            state.team.backward(share, state.targets[group], weight)
            losses.append((group, loss.detach() if weight == 1.0 else loss.detach() * weight))
            state.yields[group] = (state.yields[group] + 1) % recipe.accumulate
            if state.yields[group] == 0:
                state.anchors.pull(state.parameters[group])
                if recipe.clip is not None:
                    torch.nn.utils.clip_grad_norm_(state.parameters[group], recipe.clip)
                state.optimisers[group].step()
                for parameter in state.parameters[group]:
                    parameter.grad = None  # as the optimiser's `zero_grad`, which takes 10 µs longer
    state.average.update(state.step)
    return losses
