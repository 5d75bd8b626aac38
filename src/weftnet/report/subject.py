"""The subject of a report on one run: the run, its data if they are available, and every answer next to the truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from weftnet.data import Batch, Data
from weftnet.report.forecasts import Forecasts, judge_forecasts
from weftnet.report.judged import Judged, judge
from weftnet.report.labelled import Labelled, judge_labels
from weftnet.run.loading import BATCH, Loaded


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

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Of the split; without data those recorded in the run's folder."""
        if self.data is not None:
            return self.loaded.metrics(self.data, self.split)
        return dict((self.loaded.run.facts.scores or {}).get(self.split, {}))

    @cached_property
    def judged(self) -> Judged | None:
        """Every answer of a classification or regression on the split, next to the truth; None for other tasks."""
        return None if self.data is None else judge(self.loaded, self.data.batches(self.split, BATCH))

    @cached_property
    def labelled(self) -> Labelled | None:
        """The same where examples have several labels; None for other tasks."""
        return None if self.data is None else judge_labels(self.loaded, self.data.batches(self.split, BATCH))

    @cached_property
    def forecasts(self) -> Forecasts | None:
        """The errors of every window of a forecast; None for other tasks."""
        return None if self.data is None else judge_forecasts(self.loaded, self.data.batches(self.split, BATCH))

    @property
    def labels(self) -> list[str]:
        """The classes' names, if there are classes."""
        labels = getattr(self.loaded.task, "labels", None)
        return list(map(str, labels)) if isinstance(labels, list) else []

    def batches(self, places: Sequence[int]) -> Iterator[tuple[int, Batch]]:
        """The split's examples at these places, each as a batch of one."""
        wanted, start = set(places), 0
        for batch in self.data.batches(self.split, BATCH) if self.data is not None else ():
            for place in sorted(wanted & set(range(start, start + batch.size))):
                yield place, batch.slice(place - start, place - start + 1)
            start += batch.size

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

    @cached_property
    def class_counts(self) -> dict[str, dict[str, int]]:
        """Split → class → examples, where the target is a class."""
        if self.data is None or not self.labels or self.judged is None:
            return {}
        by_split: dict[str, dict[str, int]] = {}
        for split, size in self.data.sizes.items():
            if size:
                targets = [b.target.numpy() for b in self.data.batches(split, 4096) if b.target is not None]
                counts = np.bincount(np.concatenate(targets), minlength=len(self.labels)).tolist()
                by_split[split] = dict(zip(self.labels, counts, strict=True))
        return by_split

    @property
    def score(self) -> str:
        """The metric that decides."""
        name: str = self.loaded.task.score
        return name
