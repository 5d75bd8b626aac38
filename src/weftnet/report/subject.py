"""The subject of a report on one run: the run, its data if they are available, and what the task's judge says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from weftnet.base.scores import Score
from weftnet.data import Batch, Data
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded
from weftnet.tasks._judgement import Judgement, examples_at


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Args:
        loaded: the run.
        data: its own, or others; None if they are not available.
        split: the split that is evaluated.
        why: why there are no data.
    """

    loaded: Loaded
    data: Data | None
    split: str
    why: str = ""

    @classmethod
    def of(cls, loaded: Loaded, data: Data | None, split: str | None, why: str = "") -> "Subject":
        """With the split that was asked for, or the first that there is of test, validation and train."""
        sizes = data.sizes if data is not None else loaded.run.facts.scores or {}
        return cls(
            loaded, data, split or next((s for s in ("test", "validation", "train") if sizes.get(s)), "test"), why
        )

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Of the split; without data those recorded in the run's folder."""
        if self.data is not None:
            return self.loaded.metrics(self.data, self.split)
        return dict((self.loaded.run.facts.scores or {}).get(self.split, {}))

    @cached_property
    def judgement(self) -> Judgement:
        """What the task's judge says about the split; nothing without data."""
        return Judgement() if self.data is None else judge(self.loaded, self.data, self.split)

    def batches(self, places: Sequence[int]) -> Iterator[tuple[int, Batch]]:
        """The split's examples at these places, each as a batch of one."""
        return iter(()) if self.data is None else examples_at(self.data, self.split, places)

    def inputs(self, part: str, count: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Inputs and masks to measure a part of the model on: real ones where it reads the data, otherwise random."""
        signals = self.loaded.task.inputs(self.loaded.signals)[part]
        if self.data is not None and set(signals) == set(self.loaded.signals) and self.data.sizes.get(self.split):
            batch = next(iter(self.data.batches(self.split, count)))
            return batch.inputs, batch.masks
        inputs, generator = {}, torch.Generator().manual_seed(0)
        for name, signal in signals.items():
            shape = signal.shape(count)
            if signal.dtype == "int":
                inputs[name] = torch.randint(signal.known.get("vocabulary", 2), shape, generator=generator)
            else:
                inputs[name] = torch.randn(shape, generator=generator)
        masks = {name: torch.ones(count, s.size("time"), dtype=torch.bool) for name, s in signals.items() if s.padded}
        return inputs, masks

    @property
    def score(self) -> Score:
        """The metric that decides."""
        return self.loaded.scoring.deciding
