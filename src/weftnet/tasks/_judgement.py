"""What a judge is asked and what it says: `judge.py` of a task holds `NAME(task, answered) -> Judgement`.

A judge sets the answers on a split beside the truth. What it returns is plain data (`weftnet.base.figures`): the report
and `weftnet evaluate` show it without knowing the task.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from weftnet.base.figures import Figure
from weftnet.base.numbers import fixed
from weftnet.base.scores import Score
from weftnet.data.batch import MOST, Batch, at_once
from weftnet.data.data import Data
from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import DataError


@dataclass(frozen=True)
class Gathered:
    """All of a split's answers in memory.

    Args:
        rows: (n,) the examples' row numbers in the source.
        outputs: (n, …) of the network.
        target: (n, …) the truth, encoded.
    """

    rows: Tensor
    outputs: Tensor
    target: Tensor


@dataclass(frozen=True)
class Answered:
    """A split and what the network answers on it, computed when somebody asks.

    Args:
        data: opened as those of the run.
        split: that is judged.
        infer: a batch → what the task infers.
        model: the networks by part, in evaluation mode, for what the outputs don't tell.
    """

    data: Data
    split: str
    infer: Callable[[Batch], Outputs]
    model: nn.ModuleDict

    def batches(self) -> Iterator[Batch]:
        """The split's examples in order."""
        return self.data.batches(self.split, at_once(self.data.signals))

    def pairs(self) -> Iterator[tuple[Batch, Tensor]]:
        """The split's examples in order, each batch with the answer of its outputs."""
        return ((batch, chosen(self.infer(batch))) for batch in self.batches())

    def gathered(self) -> Gathered:
        """Rows, outputs and targets of the whole split, on the CPU.

        Raises:
            DataError: there are no examples, or they have no target.
        """
        rows, outputs, target = [], [], []
        for batch, output in self.pairs():
            rows.append(batch.rows.cpu())
            outputs.append(output.cpu())
            target.append(batch.target.cpu())
        if not rows:
            raise DataError("there is nothing to judge", where=self.data.name, got=f"no {self.split} examples")
        return Gathered(torch.cat(rows), torch.cat(outputs), torch.cat(target))

    def at(self, places: Sequence[int]) -> Iterator[tuple[int, Batch]]:
        """The split's examples at these places, counted from 0, each as a batch of one."""
        return examples_at(self.data, self.split, places)

    def known_targets(self) -> Iterator[Tensor]:
        """The targets, batch by batch, that a trivial answer is made from."""
        return self.data.targets(self.known, 8 * MOST)

    @property
    def known(self) -> str:
        """The split that a trivial answer is made from: training, or the judged one where there is none."""
        return "train" if self.data.sizes.get("train") else self.split


@dataclass(frozen=True)
class Bounds:
    """The 95 % interval of the score over other examples of the same kind, and the method that gave it."""

    low: float
    high: float
    method: str

    def text(self, score: Score) -> str:
        """`96.27 – 99.12 %`, or `-26.4955 to -25.8418`, whose signs a dash would hide."""
        factor, digits, sign = score.scale
        between = "to" if self.low < 0 else "–"
        low, high = factor * self.low, factor * self.high
        return f"{fixed(low, digits, like=high)} {between} {fixed(high, digits)}{sign}"


@dataclass(frozen=True)
class Baseline:
    """The score of a trivial answer, which ignores the input: a run that isn't well above it has learnt nothing."""

    score: float
    what: str


@dataclass(frozen=True)
class Section:
    """Figures under a title."""

    title: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Case:
    """One example.

    Args:
        place: in the split, counted from 0.
        row: its number in the source.
        figures: what to say about it, and pictures of its answer.
    """

    place: int
    row: int
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Worst:
    """The worst answers.

    Args:
        cases: the worst first.
        what: they are: "wrong answers with the highest loss".
        none: is said where there is none.
        best: the place of the best answer.
    """

    cases: tuple[Case, ...]
    what: str
    none: str = "There is none."
    best: int | None = None


@dataclass(frozen=True)
class Judgement:
    """What a judge says about a split; whatever does not apply is left out.

    Args:
        interval: of the score.
        baseline: to compare the score with.
        sections: figures in the order in which they are shown.
        worst: the worst answers.
    """

    interval: Bounds | None = None
    baseline: Baseline | None = None
    sections: tuple[Section, ...] = ()
    worst: Worst | None = None


def examples_at(data: Data, split: str, places: Sequence[int]) -> Iterator[tuple[int, Batch]]:
    """A split's examples at these places, counted from 0 and in the split's order, each as a batch of one."""
    wanted, start = set(places), 0
    for batch in data.batches(split, at_once(data.signals)) if wanted else ():
        for place in sorted(wanted & set(range(start, start + batch.size))):
            yield place, batch.slice(place - start, place - start + 1)
        start += batch.size
