"""What tasks of episodes share: support and query of an episode, and the episodes by which a split is judged."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from weftnet.base.figures import Group, Histogram, Paragraph
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds.category import Category
from weftnet.errors import DataError, SettingError
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Judgement, Section
from weftnet.tasks._resampling import bootstrapped_mean
from weftnet.tasks._task import Task, evaluating, wrong_target

#: episodes by which a split is judged
COUNT = 100


class Episodic(Task):
    """A task of classes whose evidence is an episode at a time, by query."""

    reads: ClassVar[type[Kind]] = Category

    @classmethod
    def suits(cls, data: Data) -> float:
        """Possible for classes, where somebody asks for it."""
        return 0.05 * isinstance(data.target, Category)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> Self:
        """The task for data whose target is a category.

        Raises:
            DataError: there is no target, or it is another one.
        """
        if not isinstance(data.target, Category):
            raise wrong_target(data, "a category", "use a task for such a target")
        return cls(**settings)


def checked(where: str, **numbers: int) -> None:
    """Refuse settings below 1, and fewer than two ways.

    Raises:
        SettingError: names the setting.
    """
    for name, value in numbers.items():
        least = 2 if name == "ways" else 1
        if value < least:
            what = f"{name} is out of range"
            raise SettingError(what, where=where, expected=f"{least} or more", got=str(value))


def parted(target: Tensor, shots: int, ways: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Of a batch the places of the support, those of the queries, and the (batch,) class of each example from 0.

    Of a class the first `shots` examples are support, and at least the last one is a query; classes with a single
    example, and those after the first `ways`, are in neither, and so is the rest of a batch without two classes.

    Args:
        target: (batch,) numbers of classes.
        shots: examples of a class in the support.
        ways: classes at most; None for all.
    """
    labels, numbers, counts = torch.unique(target, return_inverse=True, return_counts=True)
    usable = torch.nonzero(counts > 1).flatten()[:ways].tolist()
    support, query = [], []
    own = torch.full_like(numbers, -1)
    for number, label in enumerate(usable):
        places = torch.nonzero(numbers == label).flatten()
        few = min(shots, len(places) - 1)
        support.append(places[:few])
        query.append(places[few:])
        own[places] = number
    none = torch.empty(0, dtype=torch.long, device=labels.device)
    return torch.cat([none, *support]), torch.cat([none, *query]), own


def drawn(target: Tensor, ways: int, shots: int, queries: int) -> Iterator[Tensor]:
    """The places of the examples of each episode by which a split is judged: always the same ones for a split.

    Args:
        target: (n,) the class of every example.
        ways: classes of an episode; all of a split that has fewer.
        shots, queries: examples of each class; fewer of a class that has fewer, at least one of both.
    """
    generator = torch.Generator().manual_seed(0)
    classes = [places for label in torch.unique(target) if len(places := torch.nonzero(target == label).flatten()) > 1]
    if len(classes) < 2:
        return
    for _ in range(COUNT):
        chosen = torch.randperm(len(classes), generator=generator)[:ways].tolist()
        yield torch.cat(
            [
                own[torch.randperm(len(own), generator=generator).to(own.device)[: shots + queries]]
                for own in (classes[number] for number in chosen)
            ]
        )


_SPREAD = "Accuracy, by episode: where it spreads widely, much depends on which examples are given."


def judged(task: Task, ways: int, answered: Answered) -> Judgement:
    """The judgement of a split by its episodes.

    interval   of the accuracy: bootstrap over the episodes
    baseline   chance: any of the classes of an episode

    Args:
        task: whose evidence is an episode at a time, with its score by query.
        ways: classes of an episode.
        answered: the split.

    Raises:
        DataError: it has no episodes.
    """
    with evaluating(answered.model):
        seen = [each for each, _ in task.evidence(answered.model, answered.batches()) if not isinstance(each, Tensor)]
    if not seen:
        got = f"no two classes with two {answered.split} examples each"
        raise DataError("there is nothing to judge", where=answered.data.name, got=got)
    accuracy = np.array([float(each[task.score].mean()) for each in seen])
    low, high = bootstrapped_mean(accuracy) or (0.0, 1.0)
    counts = torch.bincount(torch.cat(list(answered.data.targets(answered.split, 4096))))
    classes = min(ways, int((counts > 1).sum()))
    told = f"Each of {len(accuracy)} episodes has {classes} classes; the classes of a split are those of the training."
    return Judgement(
        interval=Bounds(low, high, "bootstrap, over the episodes"),
        baseline=Baseline(1 / classes, "any class of the episode"),
        sections=(Section("Episodes", (Group((Histogram(accuracy, "share", _SPREAD),)), Paragraph(told))),),
    )
