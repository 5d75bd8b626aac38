"""Tiny data, tasks and models for the loop; they contain everything that must survive a kill."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.architecture.signal import parse
from weftnet.base import tensors
from weftnet.data.batch import Batch
from weftnet.metrics._metric import Metric
from weftnet.metrics.mean import Mean
from weftnet.run.folder import Run
from weftnet.train.loop import train
from weftnet.train.recipe import Recipe
from weftnet.train.result import TrainingResult


@dataclass
class Data:
    """A linear rule with noise; `hook` is called with the number of every training batch."""

    count: int = 70
    width: int = 6
    validation: int = 20
    dtype: torch.dtype = torch.float32
    hook: Callable[[int], None] = lambda step: None
    signals: dict[str, Any] = field(default_factory=lambda: {"x": parse("vector:6")})
    target: Any = None
    kinds: dict[str, Any] = field(default_factory=dict)
    source: str = "a rule"
    lazy: bool = False

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(5)
        self.x = torch.randn(self.count + self.validation, self.width, generator=generator, dtype=self.dtype)
        rule = torch.randn(self.width, 3, generator=generator, dtype=self.dtype)
        self.y = self.x @ rule + 0.1 * torch.randn(len(self.x), 3, generator=generator, dtype=self.dtype)
        self.sizes = {"train": self.count, "validation": self.validation, "test": 0}

    def steps_per_epoch(self, batch_size: int) -> int:
        return max(1, self.count // batch_size)

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        self.hook(step)
        epoch, place = divmod(step, self.steps_per_epoch(batch_size))
        order = torch.randperm(self.count, generator=torch.Generator().manual_seed(seed * 1000 + epoch))
        return self._batch(order[place * batch_size : (place + 1) * batch_size])

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        assert split == "validation"
        for rows in torch.arange(self.count, self.count + self.validation).split(batch_size):
            yield self._batch(rows)

    def _batch(self, rows: Tensor) -> Batch:
        return Batch({"x": self.x[rows]}, {}, {"y": self.y[rows]}, rows)


class Scored:
    """A task that computes its only metric, called `score`, by itself."""

    score, choice, better = "", "", "min"
    learnt_last: tuple[str, ...] = ()

    def metrics(self) -> list[Metric]:
        return [Mean(self.better).called(self.score)]


class Fit(Scored):
    """Least squares with noise from the task's generator on the inputs, as an augmentation would add."""

    groups = {"network": ("network",)}  # noqa: RUF012
    recipe_defaults: dict[str, Any] = {}  # noqa: RUF012
    score, better = "error", "min"

    def __init__(self, shake: float = 0.0) -> None:
        self.shake = shake

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        x = batch.inputs["x"]
        x = x + self.shake * torch.randn(x.shape, generator=generator, dtype=x.dtype) if self.shake else x
        yield "network", F.mse_loss(model["network"](x), batch.target)

    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Batch], metrics: Any = None) -> dict[str, float]:
        assert not model.training
        errors = [F.mse_loss(model["network"](b.inputs["x"]), b.target, reduction="sum") for b in batches]
        return {"error": float(torch.stack(errors).sum())}


class Game(Scored):
    """Two groups: a critic that steps twice, then a generator that must see the updated critic."""

    groups = {"critic": ("critic",), "generator": ("generator",)}  # noqa: RUF012
    recipe_defaults: dict[str, Any] = {}  # noqa: RUF012
    score, better = "gap", "min"

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        real = batch.inputs["x"]
        for _ in range(2):
            with torch.no_grad():
                fake = model["generator"](torch.randn(len(real), 2, generator=generator, dtype=real.dtype))
            yield "critic", F.softplus(model["critic"](fake)).mean() + F.softplus(-model["critic"](real)).mean()
        noise = torch.randn(len(real), 2, generator=generator, dtype=real.dtype)
        yield "generator", F.softplus(-model["critic"](model["generator"](noise))).mean()

    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Batch], metrics: Any = None) -> dict[str, float]:
        like = next(model.parameters())
        fake = model["generator"](
            torch.randn(20, 2, dtype=like.dtype)
        )  # from torch's own generator, which the loop seeds
        gaps = [(b.inputs["x"].mean(0) - fake.mean(0)).square().sum() for b in batches]
        return {"gap": float(torch.stack(gaps).sum())}


class Tied(nn.Module):
    """Weights used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.back = nn.Linear(6, 6, bias=False), nn.Linear(6, 6, bias=False)
        self.back.weight = self.inner.weight

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.inner(x)) @ self.back.weight


def network(seed: int = 1) -> nn.ModuleDict:
    torch.manual_seed(seed)
    norm, drop = nn.BatchNorm1d(8), nn.Dropout(0.2)
    return nn.ModuleDict({"network": nn.Sequential(Tied(), nn.Linear(6, 8), norm, nn.Tanh(), drop, nn.Linear(8, 3))})


def players(seed: int = 1) -> nn.ModuleDict:
    torch.manual_seed(seed)
    critic = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 1))
    generator = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 6))
    return nn.ModuleDict({"generator": generator, "critic": critic})


def plain(seed: int = 1) -> nn.ModuleDict:
    torch.manual_seed(seed)
    return nn.ModuleDict({"network": nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))})


def open_run(folder: Path, recipe: Recipe) -> Run:
    if (folder / "run.json").exists():
        return Run.open(folder)
    task = {"name": "fake", "settings": {}}
    return Run.create(
        folder, architecture="chain: []\n", recipe=recipe.to_dict(), task=task, data={}, signals={}, state={}
    )


def go(
    folder: Path, recipe: Recipe, model: nn.ModuleDict, task: Any = None, data: Any = None, listeners: Any = ()
) -> TrainingResult:
    """Train; continue if the folder holds a run."""
    return train(model, task or Fit(), data or Data(), recipe, open_run(folder, recipe), listeners=listeners)


def weights(folder: Path) -> dict[str, Tensor]:
    return tensors.load(folder / "weights.safetensors")


#: What a kill must not change: name → (model, task, recipe)
SCENES: dict[str, tuple[Callable[[], nn.ModuleDict], Any, Recipe]] = {
    "one optimiser": (
        network,
        Fit(shake=0.3),
        Recipe(
            optimiser="adamw", lr=0.02, steps=40, batch_size=9, accumulate=2, clip=0.5, ema=0.9, seed=3,
            evaluate_every="7 steps", checkpoint_every=0.0, schedule="cosine", warmup=0.1,
        ),
    ),
    "two optimisers": (
        players,
        Game(),
        Recipe(
            optimiser="adam", lr=0.01, groups={"critic": {"optimiser": "muon", "lr": 0.02}}, steps=40, batch_size=11,
            accumulate=3, clip=1.0, seed=4, evaluate_every="5 steps", checkpoint_every=0.0, keep="last",
        ),
    ),
}  # fmt: skip


def fail_at(step: int) -> SimpleNamespace:
    """A task whose loss is NaN from some step on."""
    seen = SimpleNamespace(count=0)

    class Broken(Fit):
        def losses(self, model: nn.ModuleDict, batch: Batch, generator: Any) -> Iterator[tuple[str, Tensor]]:
            for group, loss in super().losses(model, batch, generator):
                yield group, loss * (math.nan if seen.count >= step else 1.0)
            seen.count += 1

    return SimpleNamespace(task=Broken(), seen=seen)
