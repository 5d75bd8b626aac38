"""What a report of one run tells about: the run, the data if they are at hand, and every answer beside the truth."""

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
from weftnet.run.facts import RunFacts
from weftnet.run.loading import BATCH, Loaded


@dataclass(frozen=True)
class Story:
    """The material of a report.

    Args:
        loaded: the run.
        data: its own, or others; None if they aren't at hand.
        split: the part that is looked at.
        why: why there are no data.
    """

    loaded: Loaded
    data: Data | None
    split: str
    why: str = ""

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Of the part; without data those that the run's folder holds."""
        if self.data is not None:
            return self.loaded.metrics(self.data, self.split)
        return dict((self.loaded.run.facts.scores or {}).get(self.split, {}))

    @cached_property
    def judged(self) -> Judged | None:
        """Every answer of the part beside the truth, of a classification or regression."""
        return None if self.data is None else judge(self.loaded, self.data.batches(self.split, BATCH))

    @cached_property
    def labelled(self) -> Labelled | None:
        """The same where examples have several labels."""
        return None if self.data is None else judge_labels(self.loaded, self.data.batches(self.split, BATCH))

    @cached_property
    def forecasts(self) -> Forecasts | None:
        """The errors of every window, of a forecast."""
        return None if self.data is None else judge_forecasts(self.loaded, self.data.batches(self.split, BATCH))

    @property
    def labels(self) -> list[str]:
        """The classes' names, if there are classes."""
        found = getattr(self.loaded.task, "labels", None)
        return list(map(str, found)) if isinstance(found, list) else []

    def batches(self, places: Sequence[int]) -> Iterator[tuple[int, Batch]]:
        """The part's examples at these places, each as a batch of one."""
        wanted, start = set(places), 0
        for batch in self.data.batches(self.split, BATCH) if self.data is not None else ():
            for place in sorted(wanted & set(range(start, start + batch.size))):
                yield place, batch.part(place - start, place - start + 1)
            start += batch.size

    def inputs(self, part: str, count: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Inputs and masks to measure a part of the model on: real ones where it reads the data, otherwise random."""
        signals = self.loaded.task.inputs(self.loaded.signals)[part]
        if self.data is not None and set(signals) == set(self.loaded.signals) and self.data.sizes.get(self.split):
            batch = next(iter(self.data.batches(self.split, count)))
            return batch.inputs, batch.masks
        made, chance = {}, torch.Generator().manual_seed(0)
        for name, signal in signals.items():
            shape = signal.shape(count)
            tokens = signal.dtype == "int"
            most = signal.known.get("vocabulary", 2)
            made[name] = (
                torch.randint(most, shape, generator=chance) if tokens else torch.randn(shape, generator=chance)
            )
        masks = {name: torch.ones(count, s.size("time"), dtype=torch.bool) for name, s in signals.items() if s.padded}
        return made, masks

    @cached_property
    def class_counts(self) -> dict[str, dict[str, int]]:
        """Part → class → examples, where the target is a class."""
        if self.data is None or not self.labels or self.judged is None:
            return {}
        found: dict[str, dict[str, int]] = {}
        for part, size in self.data.sizes.items():
            if size:
                targets = [b.target.numpy() for b in self.data.batches(part, 4096) if b.target is not None]
                counts = np.bincount(np.concatenate(targets), minlength=len(self.labels)).tolist()
                found[part] = dict(zip(self.labels, counts, strict=True))
        return found

    @property
    def score(self) -> str:
        """The metric that counts."""
        name: str = self.loaded.task.score
        return name

    def known(self) -> RunFacts:
        """What run.json says."""
        return self.loaded.run.facts
