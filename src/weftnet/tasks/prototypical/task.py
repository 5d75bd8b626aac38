"""Prototypical networks: features in which a class that was never seen is known by the mean of a few examples.

    episode: some classes, of each S support examples and some queries
    f = network(x) / ‖network(x)‖,   c_k = mean of f over the support of class k
    loss = −mean over the queries of log softmax_k(−τ ‖f − c_k‖²) at their class

A batch is an episode: of each class the first S = `shots` examples are its support, the others queries; a batch holds
as many classes as `batch_size / (shots + queries)`. More classes than later have to be told apart make better features.
A run answers with the vector f; `fit NEW --start RUN --few` makes a classifier of it without any training.

    accuracy, loss    of the queries of 100 episodes of `ways` classes that are drawn from the split, always the same

Source: J. Snell, K. Swersky, R. Zemel, Prototypical networks for few-shot learning, 2017,
https://arxiv.org/abs/1703.05175. Differs from it: features have length 1, so that τ = `scale` is the same for every
network, as in later work (S. Gidaris, N. Komodakis, 2018, https://arxiv.org/abs/1804.09458).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.episodes import in_episodes
from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import SettingError
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.mean import Mean
from weftnet.tasks._episodes import Episodic, checked, drawn, parted
from weftnet.tasks._heads import to_vector
from weftnet.tasks._task import NO_TARGET


@dataclass(frozen=True)
class Prototypical(Episodic):
    """One network from an example to a vector of length 1.

    Args:
        shots: support examples of a class.
        queries: further examples of a class, while a batch is filled and in the episodes that judge.
        ways: classes of the episodes that judge.
        scale: τ.
    """

    shots: int = 5
    queries: int = 5
    ways: int = 5
    scale: float = 10.0

    score: ClassVar[str] = "accuracy"
    recipe_defaults: ClassVar[Mapping[str, Any]] = {"batch_size": 100, "keep": "last", "patience": None}

    def __post_init__(self) -> None:
        checked("task prototypical", shots=self.shots, queries=self.queries, ways=self.ways)
        if not self.scale > 0:
            where, expected, got = "task prototypical", "a positive number", str(self.scale)
            raise SettingError("scale is out of range", where=where, expected=expected, got=got)

    def arranged(self, data: Data) -> Data:
        """With training batches that are episodes."""
        return in_episodes(data, self.shots + self.queries)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Pooling where needed, and length 1."""
        if last_block == "l2_norm" and gives.kind == "vector":
            return ()
        pool = {"image": ["global_average_pool2d"], "sequence": ["global_average_pool1d"]}
        *pooled, _ = to_vector(part, gives, None, 1, **pool, members="numbers")
        return (*pooled, Block("l2_norm"))

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Cross-entropy of the queries in nats; 0 in a batch without two classes of two examples."""
        f = chosen(model["network"](batch.inputs, batch.masks))
        support, query, own = parted(batch.target, self.shots)
        logits = self.logits(f, support, query, own)
        yield "network", F.cross_entropy(logits, own[query]) if logits.shape[1] > 1 else f.sum() * 0

    def logits(self, f: Tensor, support: Tensor, query: Tensor, own: Tensor) -> Tensor:
        """(queries, classes) −τ ‖f − c‖², as `parted` has them."""
        classes = own[support]
        count = int(classes.max()) + 1 if len(classes) else 0
        sums = f.new_zeros(count, f.shape[1]).index_add_(0, classes, f[support])
        centres = sums / torch.bincount(classes, minlength=count)[:, None]
        z = f[query]
        return -self.scale * (z.square().sum(1, keepdim=True) + centres.square().sum(1) - 2 * z @ centres.T)

    def metrics(self) -> list[Metric]:
        """Accuracy and loss, as means over the queries of all episodes."""
        return [
            On("accuracy", Mean("max", "share").called("accuracy")),
            On("loss", Mean("min", "nats").called("loss")),
        ]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """The terms of the queries of each episode (n) that is drawn from these examples."""
        seen = [(chosen(self.infer(model, batch)).double(), batch.target) for batch in batches]
        if not seen:
            return
        f, target = (torch.cat(each) for each in zip(*seen, strict=True))
        for places in drawn(target, self.ways, self.shots, self.queries):
            support, query, own = parted(target[places], self.shots)
            yield terms(self.logits(f[places], support, query, own), own[query]), NO_TARGET


def terms(logits: Tensor, target: Tensor) -> dict[str, Tensor]:
    """What the metrics are means of, each (n): `accuracy`, `loss`."""
    return {
        "accuracy": (logits.argmax(1) == target).double(),
        "loss": F.cross_entropy(logits, target, reduction="none"),
    }
