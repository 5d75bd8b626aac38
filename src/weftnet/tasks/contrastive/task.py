"""Contrastive learning: without labels, a vector for every example by which it is known again in another view.

    a, b = network(view of x), network(another view of x), each divided by its length
    loss = −mean log  exp(a_i · b_i / τ) / Σ_{z ≠ a_i} exp(a_i · z / τ)       z: all other vectors of the batch, a and b

and the same from b_i to a_i: NT-Xent, of the 2N views of N examples. τ is the `temperature`. The loss is computed
behind a projection (block `projection`), which is there while training alone; the answer is the vector in front of it.
What a view is depends on the kind of input: `views.py`. Of tokens both views are the same, and dropout makes twins of
them; where the network has none, `drop` leaves tokens out.

    retrieval    share of the examples whose other view is the nearest of those of some 256 examples
    loss         −log softmax(a_i · b / τ)_i among these, of the vectors that are answered
    alignment    mean |a_i − b_i|²
    uniformity   log mean exp(−2 |a_i − a_j|²), j ≠ i; −4 is as spread out as points on a sphere can be

Sources: T. Chen and others, A simple framework for contrastive learning of visual representations, 2020,
https://arxiv.org/abs/2002.05709; twins by dropout: T. Gao and others, SimCSE, 2021, https://arxiv.org/abs/2104.08821;
alignment and uniformity: T. Wang, P. Isola, 2020, https://arxiv.org/abs/2005.10242.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.metrics._metric import Direction, Metric, On, Unit
from weftnet.metrics.mean import Mean
from weftnet.tasks._heads import refusal
from weftnet.tasks._task import NO_TARGET, Task, on_trial
from weftnet.tasks.contrastive.views import VIEWS

#: examples among which a twin is looked for
GROUP = 256
#: share of the tokens that a twin lacks where it is looked for, as a network answers without dropout
_DROPPED = 0.1


@dataclass(frozen=True)
class Contrastive(Task):
    """One network from an example to a vector.

    Args:
        signals: of the inputs, as `image:3x32x32` or `tokens:64,vocabulary=5000`, by name.
        temperature: τ; the lower, the more the nearest wrong examples count.
        projection: whether the loss is computed behind a projection; without one, in the vectors that are answered.
        drop: share of the tokens that a view lacks while training.
        widths: of the columns of a table, by input.
    """

    signals: dict[str, str]
    temperature: float = 0.1
    projection: bool = True
    drop: float = 0.0
    widths: dict[str, list[int]] = field(default_factory=dict)

    recipe_defaults: ClassVar[Mapping[str, Any]] = {"batch_size": 256, "keep": "last", "patience": None}
    score: ClassVar[str] = "retrieval"
    ends: ClassVar[Mapping[str, Mapping[str, Any]]] = {"features": {"projection": False}}

    def __post_init__(self) -> None:
        where = "task contrastive"
        if not self.temperature > 0:
            expected, got = "a positive number", str(self.temperature)
            raise SettingError("temperature is out of range", where=where, expected=expected, got=got)
        if not 0 <= self.drop < 1:
            raise SettingError("drop is out of range", where=where, expected="0 ≤ drop < 1", got=str(self.drop))
        for name, text in self.signals.items():
            if (kind := parse(text).kind) not in VIEWS:
                what, expected = f"no view of the input {name!r} is known", ", ".join(VIEWS)
                raise SettingError(what, where=where, expected=expected, got=kind)

    @classmethod
    def suits(cls, data: Data) -> float:
        """Possible for examples without a target, where nothing else is meant."""
        return 0.1 * (data.target is None)

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Contrastive":
        """The task for the inputs of these data; a target, if there is one, is not looked at.

        Raises:
            DataError: of an input no view is known.
        """
        if unknown := [name for name, each in data.signals.items() if each.kind not in VIEWS]:
            got = f"{unknown[0]}: {data.signals[unknown[0]]}"
            raise DataError("no view of an input is known", where=data.name, expected=", ".join(VIEWS), got=got)
        widths = {name: list(each.about.columns) for name, each in data.signals.items() if each.about.columns}
        signals = {name: signal.text() for name, signal in data.signals.items()}
        return cls(**{"signals": signals, "widths": widths, **settings})

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Pooling where needed, and the projection."""
        if last_block == "projection":
            return ()
        projection = (Block("projection"),) if self.projection else ()
        pooling = {
            "vector": (), "image": (Block("global_average_pool2d"),), "series": (Block("global_average_pool1d"),),
            "wave": (Block("global_average_pool1d"),),
        }  # fmt: skip
        if gives.dtype == "float" and gives.axes == ("members", "dim"):
            return (Block("member_mean", {"of": "numbers"}), *projection)
        if gives.dtype != "float" or gives.kind not in pooling:
            what = "its output can't become a vector"
            reads = "a vector, a sequence or an image of floats"
            raise refusal(part, last_block, what, reads=reads, received=str(gives))
        return (*pooling[gives.kind], *projection)

    def check(self, model: nn.ModuleDict) -> None:
        """Refuse a network that gives twins of tokens the same vector while training, as it has no dropout.

        Raises:
            ArchitectureError: it does.
        """
        signals = {name: parse(text) for name, text in self.signals.items()}
        if self.drop or any(signal.kind != "tokens" for signal in signals.values()):
            return
        network = model["network"]
        device, generator = next(network.parameters()).device, torch.Generator().manual_seed(0)
        inputs, masks = {}, {}
        for name, signal in signals.items():
            drawn = torch.randint(1, signal.known["vocabulary"], signal.shape(4), generator=generator)
            inputs[name] = drawn.to(device)
            if signal.padded:
                masks[name] = torch.ones_like(inputs[name], dtype=torch.bool)
        with on_trial(network), torch.random.fork_rng():
            torch.manual_seed(0)
            network.train()
            if torch.equal(network(inputs, masks), network(inputs, masks)):
                what = (
                    "it has no dropout, so both views of a text get the same vector and there is nothing to learn; "
                    "add {dropout: {rate: 0.1}}, or leave words out: --task-set drop=0.1"
                )
                raise ArchitectureError(refusal("network", None, what).faults)

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """NT-Xent in nats."""
        drop = self.drop if model["network"].training else max(self.drop, _DROPPED)
        yield "network", nt_xent(*self.pair(model["network"], batch, generator, drop), self.temperature)

    def metrics(self) -> list[Metric]:
        """Retrieval, loss and alignment as means over the examples, and uniformity."""
        means: dict[str, tuple[Direction, Unit]] = {
            "retrieval": ("max", "share"), "loss": ("min", "nats"), "alignment": ("", ""),
        }  # fmt: skip
        named: list[Metric] = [On(name, Mean(*each).called(name)) for name, each in means.items()]
        return [*named, On("uniformity", LogMean().called("uniformity"))]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """The terms of each example (n), a group of examples at a time, with the same views every time."""
        generator = torch.Generator().manual_seed(0)
        pairs = [self.pair(model["network"], batch, generator, max(self.drop, _DROPPED)) for batch in batches]
        if not pairs:
            return
        a, b = (torch.cat(each) for each in zip(*pairs, strict=True))
        for one, other in zip(*(each.tensor_split(max(1, round(len(a) / GROUP))) for each in (a, b)), strict=True):
            yield terms(one, other, self.temperature), NO_TARGET

    def pair(self, network: nn.Module, batch: Batch, generator: torch.Generator, drop: float) -> tuple[Tensor, Tensor]:
        """The vectors of two views of each example, both (batch, dim) and of length 1, from one pass.

        Args:
            network: in the mode of the caller.
            batch: of examples.
            generator: of the views.
            drop: share of the tokens that a view lacks; in evaluation only the second one does.
        """
        views = [self.view(batch, generator, drop if network.training else 0.0), self.view(batch, generator, drop)]
        inputs = {name: torch.cat([each.inputs[name] for each in views]) for name in batch.inputs}
        masks = {name: torch.cat([each.masks[name] for each in views]) for name in batch.masks}
        a, b = F.normalize(chosen(network(inputs, masks)), dim=1).chunk(2)
        return a, b

    def view(self, batch: Batch, generator: torch.Generator, drop: float) -> Batch:
        """Another view of each example."""
        inputs, masks = dict(batch.inputs), dict(batch.masks)
        for name, text in self.signals.items():
            view, widths = VIEWS[parse(text).kind], self.widths.get(name, ())
            inputs[name], mask = view(inputs[name], masks.get(name), generator, widths=widths, drop=drop)
            if mask is not None:
                masks[name] = mask
        return replace(batch, inputs=inputs, masks=masks)


class LogMean(Mean):
    """The logarithm of a mean."""

    def of(self, total: Tensor) -> Tensor:
        """log of the mean."""
        return super().of(total).log()


def nt_xent(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """NT-Xent of vectors (n, dim) of length 1, of which a_i and b_i belong together."""
    n, z = len(a), torch.cat([a, b])
    similar = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    twin = torch.arange(2 * n, device=z.device).roll(n)
    return F.cross_entropy(similar, twin)


def terms(a: Tensor, b: Tensor, temperature: float) -> dict[str, Tensor]:
    """What the metrics are means of, each (n): `retrieval`, `loss`, `alignment`, `uniformity`."""
    a, b = a.double(), b.double()
    n, near = len(a), a @ b.T
    own = torch.arange(n, device=a.device)
    apart = (-2 * (2 - 2 * (a @ a.T)).clamp(min=0)).exp().fill_diagonal_(0.0).sum(1) / max(n - 1, 1)
    return {
        "retrieval": (near.argmax(1) == own).double(),
        "loss": F.cross_entropy(near / temperature, own, reduction="none"),
        "alignment": (a - b).square().sum(1),
        "uniformity": apart if n > 1 else torch.full_like(apart, torch.nan),
    }
