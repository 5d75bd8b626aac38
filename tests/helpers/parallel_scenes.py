"""Trainings without randomness in a step, so that several workers give the same curve: name → (model, task, recipe)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from training_fakes import Fit, Scored, Tied

from weftnet.blocks.normalisation.batch_norm import BatchNorm
from weftnet.data.batch import Batch
from weftnet.train.recipe import Recipe


def network() -> nn.ModuleDict:
    """Tied weights, batch statistics; no bias before them, as its gradient would be mere rounding."""
    torch.manual_seed(1)
    layers = [Tied(), nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(), BatchNorm(8), nn.Linear(8, 3)]
    return nn.ModuleDict({"network": nn.Sequential(*layers)}).double()


def players() -> nn.ModuleDict:
    torch.manual_seed(1)
    critic = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1))
    generator = nn.Sequential(nn.Linear(6, 8, bias=False), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 6))
    return nn.ModuleDict({"generator": generator, "critic": critic}).double()


class Duel(Scored):
    """Two groups as in an adversarial training, the gradient's slope in the critic's loss; noise is the target's."""

    groups = {"critic": ("critic",), "generator": ("generator",)}  # noqa: RUF012
    recipe_defaults: dict[str, Any] = {}  # noqa: RUF012
    score, better = "gap", "min"

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        real = batch.inputs["x"]
        noise = real.flip(1)
        for turn in range(2):
            with torch.no_grad():
                fake = model["generator"](noise + turn)
            between = ((real + fake) / 2).detach().requires_grad_()
            (slope,) = torch.autograd.grad(model["critic"](between).sum(), between, create_graph=True)
            penalty = (slope.norm(dim=1) - 1).square().mean()
            yield "critic", model["critic"](fake).mean() - model["critic"](real).mean() + penalty
        yield "generator", F.softplus(-model["critic"](model["generator"](noise))).mean()

    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Batch], metrics: Any = None) -> dict[str, float]:
        gaps = [(model["critic"](b.inputs["x"]) - model["generator"](b.inputs["x"]).mean(1)).sum() for b in batches]
        return {"gap": float(torch.stack(gaps).sum())}


SCENES: dict[str, tuple[Callable[[], nn.ModuleDict], Any, Recipe]] = {
    "one optimiser": (
        network,
        Fit(),
        Recipe(
            optimiser="adamw", lr=0.02, steps=24, batch_size=9, accumulate=2, clip=0.5, ema=0.9, seed=3,
            evaluate_every="7 steps", checkpoint_every=0.0, schedule="cosine", warmup=0.1,
        ),
    ),
    "two optimisers": (
        players,
        Duel(),
        Recipe(
            optimiser="adam", lr=0.01, groups={"critic": {"optimiser": "muon", "lr": 0.02}}, steps=24, batch_size=11,
            accumulate=3, clip=1.0, seed=4, evaluate_every="5 steps", checkpoint_every=0.0, keep="last",
        ),
    ),
}  # fmt: skip
