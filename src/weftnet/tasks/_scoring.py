"""The metrics of a run: the task's own, those that the recipe adds, and which of them decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import nn

from weftnet.base.scores import Score
from weftnet.data.batch import Batch
from weftnet.errors import SettingError, UnknownName
from weftnet.metrics._make import make
from weftnet.metrics._metric import Direction, Metric, Unit
from weftnet.tasks._task import Task


@dataclass(frozen=True)
class Scoring:
    """How the outputs of a run are judged.

    Args:
        task: gives the metrics that are always computed.
        more: names of further ones, as in `weftnet.metrics.make`.
        chosen: the one that decides; "" for the task's own.

    Raises:
        UnknownName: there is no such metric.
        SettingError: a metric can't be used with this task, or has no direction and so can't decide.
    """

    task: Task
    more: Sequence[str] = ()
    chosen: str = ""

    def __post_init__(self) -> None:
        if self.score not in self._known:
            raise UnknownName("metric of this training", self.score, sorted(self._known))
        if not self.better:
            what = f"{self.score} can't decide: neither more nor less of it is better"
            raise SettingError(what, expected=", ".join(name for name, each in self._known.items() if each.better))

    @property
    def score(self) -> str:
        """The metric that decides which weights and which network are best."""
        return self.chosen or self.task.score

    @property
    def better(self) -> Direction:
        """Whether more ("max") or less ("min") of it is better."""
        return self._known[self.score].better

    @property
    def deciding(self) -> Score:
        """The same with its direction and unit, for who compares and prints numbers."""
        return Score(self.score, self.better, self.unit(self.score))

    @property
    def shown(self) -> list[Score]:
        """The one that decides, then the task's own and those that were asked for."""
        names = dict.fromkeys([self.score, self.task.score, *self.more])
        return [Score(name, self.direction(name), self.unit(name)) for name in names]

    @property
    def own(self) -> Score:
        """The task's own score, which its judge speaks of."""
        name = self.task.score
        return Score(name, self.direction(name), self.unit(name))

    def unit(self, metric: str) -> Unit:
        """The unit of a metric; "" for one that is not known."""
        return self._known[metric].unit if metric in self._known else ""

    def direction(self, metric: str) -> Direction:
        """Whether more ("max") or less ("min") is better; "" for one that is not known, or only informative."""
        return self._known[metric].better if metric in self._known else ""

    def metrics(self) -> list[Metric]:
        """All metrics, none of them updated yet."""
        own = self.task.metrics()
        names = {each.name for each in own}
        wanted = [*self.more, *([self.chosen] if self.chosen else [])]
        new = [name for name in dict.fromkeys(wanted) if name not in names]
        return own + [make(name, self.task.facts()) for name in new]

    def metric(self) -> Metric:
        """The one that decides, not updated yet."""
        return next(each for each in self.metrics() if each.name == self.score)

    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Batch], *others: Metric) -> dict[str, float]:
        """All metrics, and others, over the batches, by name; without those that are not defined there."""
        return self.task.evaluate(model, batches, [*self.metrics(), *others])

    @cached_property
    def _known(self) -> dict[str, Metric]:
        return {each.name: each for each in self.metrics()}
