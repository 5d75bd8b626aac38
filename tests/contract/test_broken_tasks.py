"""No check of tasks is kept by everything: for each there is a task, or a facet of it, that breaks it."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from broken import outcome, sentences
from torch import Tensor, nn

from weftnet.architecture.spec import Block
from weftnet.tasks import ANSWERS, EXAMPLES, EXPLANATIONS, PROPOSALS, Distillation, Example
from weftnet.tasks.regression.task import Regression

_CALLS = itertools.count()


@dataclass(frozen=True)
class NoJson(Regression):
    def settings(self) -> dict[str, Any]:
        return super().settings() | {"scale": complex(self.scale)}


@dataclass(frozen=True)
class OtherGroups(Regression):
    groups: ClassVar[Mapping[str, tuple[str, ...]]] = {"network": ("network",), "more": ("network",)}


@dataclass(frozen=True)
class WithoutDirection(Regression):
    score: ClassVar[str] = "naive"

    def metrics(self) -> list[Any]:
        metric = super().metrics()[0].called("naive")
        metric.better = ""
        return [metric]


@dataclass(frozen=True)
class StaysInEvaluation(Regression):
    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Any], metrics: Any = None) -> dict[str, float]:
        found = super().evaluate(model, batches, metrics)
        model.eval()
        return found


@dataclass(frozen=True)
class ForgetsTheMode(Regression):
    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Any], metrics: Any = None) -> dict[str, float]:
        model.eval()
        found = super().evaluate(model, batches, metrics)
        model.train()
        return found


@dataclass(frozen=True)
class Silent(Regression):
    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Any], metrics: Any = None) -> dict[str, float]:
        batches = list(batches)
        return super().evaluate(model, batches, metrics) if batches else {}


@dataclass(frozen=True)
class Meddles(Regression):
    def check(self, model: nn.ModuleDict) -> None:
        with torch.no_grad():
            next(model.parameters()).zero_()


@dataclass(frozen=True)
class TwoHeads(Regression):
    def head(self, part: str, gives: Any, last_block: str | None) -> tuple[Any, ...]:
        return super().head(part, gives, last_block) or (Block("dense", {"dim": 1}),)


@dataclass(frozen=True)
class Eager(Regression):
    def losses(self, model: nn.ModuleDict, batch: Any, generator: Any) -> Iterator[tuple[str, Tensor]]:
        return iter(list(super().losses(model, batch, generator)))


@dataclass(frozen=True)
class Detached(Regression):
    def losses(self, model: nn.ModuleDict, batch: Any, generator: Any) -> Iterator[tuple[str, Tensor]]:
        bias = list(model.parameters())[-1]
        for group, loss in super().losses(model, batch, generator):
            yield group, loss.detach() + bias.sum()


@dataclass(frozen=True)
class GlobalChance(Regression):
    def losses(self, model: nn.ModuleDict, batch: Any, generator: Any) -> Iterator[tuple[str, Tensor]]:
        for group, loss in super().losses(model, batch, generator):
            yield group, loss * torch.rand(())


@dataclass(frozen=True)
class Remembers(Regression):
    """Its losses depend on how often it was asked."""

    def losses(self, model: nn.ModuleDict, batch: Any, generator: Any) -> Iterator[tuple[str, Tensor]]:
        for group, loss in super().losses(model, batch, generator):
            yield group, loss * (1 + 0.1 * (next(_CALLS) % 7))


@dataclass(frozen=True)
class ComesBackOther(Regression):
    def settings(self) -> dict[str, Any]:
        return super().settings() | {"scale": 2 * self.scale}


@dataclass(frozen=True)
class AnswersOtherwise(Regression):
    def answers(self, outputs: Any) -> list[dict[str, Any]]:
        return [{"value": answer["value"] + 1} for answer in super().answers(outputs)]


def nan_answers(outputs: Any, settings: Any) -> list[dict[str, Any]]:
    return [{"value": float("nan")} for _ in outputs]


@dataclass(frozen=True)
class AnswersNothing(Regression):
    def answers(self, outputs: Any) -> list[dict[str, Any]]:
        return nan_answers(outputs, {})


def of_all_examples(settings: Any, outputs: Tensor, target: Any) -> Any:
    targets = EXPLANATIONS.get("regression")(settings, outputs, target)
    return replace(
        targets, scores=lambda outputs, index: outputs.sum() + targets.scores(outputs, index)[: len(index) - 1]
    )


def with_a_length(signals: Any) -> Any:
    return [replace(each, recipe={**each.recipe, "steps": 5}) for each in PROPOSALS.get("regression")(signals)]


def of_the_first_alone(task: Any, teacher: Any) -> Any:
    def loss(outputs: Tensor, known: Tensor, batch: Any, temperature: float) -> Tensor:
        return (outputs - known)[:1].square().mean()

    return Distillation(lambda outputs: outputs, loss)


def wide_bounds(folder: Path) -> Example:
    return replace(EXAMPLES.get("regression")(folder), learnt={"rmse": (0, 1e9)})


#: sentence → (the task, its other facets)
BROKEN: dict[str, tuple[type[Regression], dict[str, Any]]] = {
    "Its settings come back from JSON, and make the same task": (NoJson, {}),
    "Its groups cover its parts once": (OtherGroups, {}),
    "One of its metrics decides, and says in which direction": (WithoutDirection, {}),
    "Evaluation repeats, is JSON, contains the score and leaves weights, modes and the global chance alone": (
        StaysInEvaluation, {},
    ),
    "Evaluation restores the mode after an error": (ForgetsTheMode, {}),
    "Where there is nothing to evaluate it says so": (Silent, {}),
    "Its own check of a model lets the example's pass, and leaves it as it was": (Meddles, {}),
    "A complete network gets no second head": (TwoHeads, {}),
    "Nothing runs before a loss is asked for, and the work for it is done then": (Eager, {}),
    "Every loss, with the auxiliary ones, has a gradient by all weights of its group": (Detached, {}),
    "Chance comes from the generator alone": (GlobalChance, {}),
    "Each facet is a function, or says why it is not applicable": (Regression, {"judge": 3}),
    "Its answers are JSON of their schema, one for each example, rows of one table": (AnswersNothing, {}),
    "What it explains is one differentiable score for each example, with a name": (
        Regression, {"explain": of_all_examples},
    ),
    "The networks that it proposes for its example fit, with recipes that are valid and say no length": (
        Regression, {"propose": with_a_length},
    ),
    "What it learns from a teacher is least where both say the same, with a gradient for each example elsewhere": (
        Regression, {"distil": of_the_first_alone},
    ),
    "It learns its example within the bounds that this states, which an untrained network is outside of": (
        Regression, {"example": wide_bounds},
    ),
    "Killed and resumed, it ends with the same weights bit for bit": (Remembers, {}),
    "Its run folder holds all of it: the same task, and the same metrics": (ComesBackOther, {}),
    "Exported, it answers without torch what it answers here": (AnswersOtherwise, {}),
}  # fmt: skip


@pytest.mark.parametrize("sentence", BROKEN)
def test_a_broken_task_is_found(sentence: str) -> None:
    cls, facets = BROKEN[sentence]
    own = type("Broken", (cls,), {"__module__": __name__})  # of a class that no registry has yet
    more = {"example": EXAMPLES.get("regression"), "answer": ANSWERS.get("regression"), **facets}
    found = outcome("task", sentence, {"task": own, **more})
    assert found.verdict == "broken", found
    assert found.why


def test_every_check_is_seen_to_fail() -> None:
    assert sorted(BROKEN) == sorted(sentences("task"))


def test_a_task_without_an_example_is_told_to_bring_one() -> None:
    found = outcome("task", "Its groups cover its parts once", {"task": type("Bare", (Regression,), {})})
    assert "write tasks/broken/example.py" in found.why
