"""Model-agnostic meta-learning: weights from which a few gradient steps on a few examples learn new classes.

    episode: `ways` classes, of each S = `shots` support examples and some queries; classes are numbered anew each time
    θ' = θ − α ∂/∂θ cross-entropy(support; θ),   `inner_steps` times
    loss = cross-entropy(queries; θ'),  with its gradient by θ through the steps

α = `inner_rate`. With `second_order: false` the steps are taken as constants, so that the gradient by θ is the one by
θ' (first-order MAML). With `adapt: head` only the last layer is adapted in an episode (ANIL). A batch is an episode of
`ways` classes with batch_size / ways examples each; `accumulate` of them make a step. A run's weights are a start:
`fit NEW --start RUN --steps 20` learns classes from few examples. While training, norms read the batch they are given.

    accuracy, loss    of the queries of 100 episodes that are drawn from the split, always the same, after adapting

Sources: C. Finn, P. Abbeel, S. Levine, Model-agnostic meta-learning, 2017, https://arxiv.org/abs/1703.03400;
A. Raghu and others, Rapid learning or feature reuse?, 2020, https://arxiv.org/abs/1909.09157, for ANIL.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.episodes import in_episodes
from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import DataError, SettingError
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.mean import Mean
from weftnet.tasks._episodes import Episodic, checked, drawn, parted
from weftnet.tasks._heads import to_vector
from weftnet.tasks._task import NO_TARGET


@dataclass(frozen=True)
class Maml(Episodic):
    """One network with an output for each class of an episode.

    Args:
        ways: classes of an episode.
        shots: support examples of a class.
        queries: further examples of a class in the episodes that judge.
        inner_steps: gradient steps on the support.
        inner_rate: α.
        second_order: whether the gradient passes through the steps.
        adapt: what the steps change: "all" weights, or the "head", the last layer.
    """

    ways: int = 5
    shots: int = 5
    queries: int = 5
    inner_steps: int = 3
    inner_rate: float = 0.1
    second_order: bool = True
    adapt: Literal["all", "head"] = "all"

    score: ClassVar[str] = "accuracy"
    recipe_defaults: ClassVar[Mapping[str, Any]] = {
        "batch_size": 50, "accumulate": 4, "keep": "last", "patience": None,
    }  # fmt: skip

    def __post_init__(self) -> None:
        where = "task maml"
        numbers = {name: getattr(self, name) for name in ("ways", "shots", "queries", "inner_steps")}
        checked(where, **numbers)
        if not self.inner_rate > 0:
            expected, got = "a positive number", str(self.inner_rate)
            raise SettingError("inner_rate is out of range", where=where, expected=expected, got=got)
        if self.adapt not in ("all", "head"):
            raise SettingError("adapt is not known", where=where, expected="all or head", got=str(self.adapt))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> Self:
        """The task for data whose target is a category.

        Raises:
            DataError: there is no target, it is another one, or has fewer classes than an episode.
        """
        task, labels = super().from_data(data, **settings), getattr(data.target, "labels", [])
        if len(labels) < task.ways:
            what, fix = "the data have fewer classes than an episode", f"--task-set ways={len(labels)}"
            raise DataError(what, where=data.name, expected=str(task.ways), got=str(len(labels)), fix=fix)
        return task

    def arranged(self, data: Data) -> Data:
        """With training batches that are episodes."""
        return in_episodes(data, self.shots + 1, self.ways)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Pooling where needed, and a dense layer of width `ways`."""
        pool = {"image": ["global_average_pool2d"], "sequence": ["global_average_pool1d"]}
        return to_vector(part, gives, last_block, self.ways, **pool, members="classes")

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """Cross-entropy of the queries after adapting, in nats; 0 in a batch without two classes of two examples."""
        support, query, own = parted(batch.target, self.shots, self.ways)
        network = model["network"]
        if not len(query):
            yield "network", chosen(network(batch.inputs, batch.masks)).sum() * 0
            return
        own = torch.randperm(self.ways, generator=generator).to(own.device)[own]  # a class is no number
        with sdpa_kernel(SDPBackend.MATH):  # fused attention has no second derivative
            weights: dict[str, Tensor] = dict(network.named_parameters())
            adapted = self.adapted(network, weights, batch.at(support), own[support], self.second_order)
            logits = chosen(functional_call(network, adapted, called(batch.at(query))))
        yield "network", F.cross_entropy(logits, own[query])

    def adapted(
        self, network: nn.Module, weights: Mapping[str, Tensor], batch: Batch, target: Tensor, second_order: bool
    ) -> dict[str, Tensor]:
        """θ' by name.

        Args:
            network: in the mode of the caller.
            weights: θ by name; what takes no gradient stays as it is.
            batch: the support.
            target: (support,) the class of each example, below `ways`.
            second_order: whether θ' depends on θ through the gradients too.
        """
        weights = dict(weights)
        names = [name for name, each in weights.items() if each.requires_grad]
        if self.adapt == "head":
            last = names[-1].rpartition(".")[0]
            names = [name for name in names if name.rpartition(".")[0] == last]
        for _ in range(self.inner_steps):
            loss = F.cross_entropy(chosen(functional_call(network, weights, called(batch))), target)
            gradients = torch.autograd.grad(loss, [weights[name] for name in names], create_graph=second_order)
            steps = zip(names, gradients, strict=True)
            weights = weights | {name: weights[name] - self.inner_rate * gradient for name, gradient in steps}
        return weights

    def metrics(self) -> list[Metric]:
        """Accuracy and loss, as means over the queries of all episodes."""
        return [
            On("accuracy", Mean("max", "share").called("accuracy")),
            On("loss", Mean("min", "nats").called("loss")),
        ]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """The terms of the queries of each episode (n) that is drawn from these examples."""
        seen = list(batches)
        if not seen:
            return
        with torch.inference_mode(False), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
            whole, network = Batch.together(seen), model["network"]
            own_weights = {name: each.detach().clone().requires_grad_() for name, each in network.named_parameters()}
            for places in drawn(whole.target, self.ways, self.shots, self.queries):
                episode = whole.at(places)
                support, query, own = parted(episode.target, self.shots)
                adapted = self.adapted(network, own_weights, episode.at(support), own[support], False)
                with torch.no_grad():
                    logits = chosen(functional_call(network, adapted, called(episode.at(query))))
                target = own[query]
                yield (
                    {
                        "accuracy": (logits.argmax(1) == target).double(),
                        "loss": F.cross_entropy(logits.double(), target, reduction="none"),
                    },
                    NO_TARGET,
                )


def called(batch: Batch) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What a network is called with."""
    return batch.inputs, batch.masks
