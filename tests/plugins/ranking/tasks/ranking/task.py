"""Ranking: a score for every item of a list; the list is answered in their order.

loss = ListNet between scores and grades (`list_net`); items that nobody judged don't count
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.data import Batch, Data
from weftnet.errors import DataError
from weftnet.metrics import Metric
from weftnet.tasks import Task

from ...kinds.graded import Graded
from ...losses.list_net import list_net
from ...metrics.ndcg import Ndcg
from .answer import ranking


@dataclass(frozen=True)
class Ranking(Task):
    """One network that gives a score to every item.

    Args:
        items: of a list.
        k: places that the metric counts.
    """

    items: int = 1
    k: int = 5

    score: ClassVar[str] = "ndcg"

    @classmethod
    def suits(cls, data: Data) -> float:
        """How sure the task is that these data are meant for it, from 0 to 1."""
        return float(isinstance(data.target, Graded))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Ranking":
        """The task for lists with grades.

        Raises:
            DataError: the target is of another kind.
        """
        if not isinstance(data.target, Graded):
            raise DataError("the target is no list of grades", where=data.name, fix="read it as the kind graded")
        return cls(items=data.target.items, **settings)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """A dense layer of width 1 at every item.

        Raises:
            DataError: the output has no axis of items.
        """
        if gives.axes != ("time", "dim") or gives.size("time") != self.items:
            raise DataError("the network loses the items", expected=f"a series of {self.items}", got=str(gives))
        return () if gives.size("dim") == 1 else (Block("dense", {"dim": 1}),)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """ListNet of scores (batch, items, 1)."""
        network = model["network"]
        scores = network(batch.inputs, batch.masks).squeeze(2)
        yield "network", list_net(scores, batch.target, batch.target_mask)

    def metrics(self) -> list[Metric]:
        """NDCG of the first places."""
        return [Ndcg(self.k)]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Tensor, Tensor]]:
        """Scores and grades, both (batch, items)."""
        for scores, grades in super().evidence(model, batches):
            yield scores.squeeze(2), grades

    def answers(self, outputs: Tensor) -> list[dict[str, Any]]:
        """The order of the items, from scores (batch, items, 1)."""
        return ranking(outputs.detach().cpu().numpy(), self.settings())
