"""The training losses: kept as tensors and read together, so that no step waits for the device."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from weftnet.errors import TrainingError


class Losses:
    """Running means of the losses by group.

    Args:
        sums: [sum, count] by group since the last evaluation; changed in place, so that a checkpoint holds them.
    """

    def __init__(self, sums: dict[str, list[float]]) -> None:
        self.sums = sums
        self.last: dict[str, float] = {}
        self._pending: list[tuple[int, Sequence[tuple[str, Tensor]]]] = []

    def add(self, step: int, losses: Sequence[tuple[str, Tensor]]) -> None:
        """Keep the losses of a step, (group, loss) each, until they are read."""
        self._pending.append((step, losses))

    def settle(self) -> None:
        """Read the losses that were kept: one wait for the device.

        Raises:
            TrainingError: a loss is not finite.
        """
        if not self._pending:
            return
        steps, self._pending = self._pending, []
        named = [(step, group, loss) for step, losses in steps for group, loss in losses]
        values = torch.stack([loss for _, _, loss in named]).float().tolist()
        for (step, group, _), value in zip(named, values, strict=True):
            if not math.isfinite(value):
                raise TrainingError(
                    f"the loss of {group} is {value} at step {step}",
                    expected="a finite number",
                    fix="lower lr, set clip (1.0 is usual), lengthen warmup; or look for values that are not finite "
                    "in the data. The last checkpoint is from before that step",
                )
            total = self.sums.setdefault(group, [0.0, 0])
            total[0] += value
            total[1] += 1
            self.last[group] = value

    def means(self) -> dict[str, float]:
        """The means since the last call; then the sums start again from zero."""
        means = {group: total / count for group, (total, count) in self.sums.items()}
        self.sums.clear()
        return means
