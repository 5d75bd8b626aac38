"""The verb: which parts of an input speak for an answer."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.data import Batch
from weftnet.errors import SettingError, closest
from weftnet.explain.explanation import Explanation
from weftnet.explain.inputs import View, view
from weftnet.explain.methods import METHODS
from weftnet.explain.question import Found, Question
from weftnet.explain.targets import Targets, choose
from weftnet.run.loading import Loaded

#: examples that go through the network at once
BUDGET = 64


def attribute(
    loaded: Loaded,
    examples: Batch | Mapping[str, Any],
    method: str = "integrated_gradients",
    target: str | int | None = None,
    *,
    budget: int = BUDGET,
    **settings: Any,
) -> list[Explanation]:
    """Explain a run's answers, one explanation an example.

    Args:
        loaded: the run.
        examples: raw values by column, or a batch of its data.
        method: by name, one of `METHODS`.
        target: a label, or the step of a forecast (`3`, or `temperature:3`); None for the likeliest label, the value of
            a regression, the first step of a forecast.
        budget: examples, or steps towards them, that go through the network at once. Memory grows with it alone.
        settings: of the method: `steps` of integrated gradients, `window` of occlusion.

    Raises:
        UnknownName: no method, label or forecast is called so.
        SettingError: the method can't be used on this network, or a setting can't be used.
        MissingExtra: Captum is not installed.
    """
    batch = examples if isinstance(examples, Batch) else loaded.encode(examples)
    explanations: list[Explanation] = []
    views = views_of(loaded)
    for part in parts(batch, budget):
        question = ask(loaded, part, views, choose(loaded, outputs(loaded, part), target), budget)
        explanations += _written(loaded, question, method, answer(question, method, settings))
    return explanations


def parts(batch: Batch, budget: int) -> list[Batch]:
    """A batch in pieces of at most `budget` examples."""
    if budget < 1:
        raise SettingError("at least one example goes through at once", where="budget", got=str(budget))
    return [batch.part(start, start + budget) for start in range(0, batch.size, budget)]


def outputs(loaded: Loaded, batch: Batch) -> Tensor:
    """What the network gives."""
    return loaded.outputs(batch.to(_device(loaded)))


def ask(loaded: Loaded, batch: Batch, views: dict[str, View], targets: Targets, budget: int) -> Question:
    """The question about a batch."""
    here = batch.to(_device(loaded))
    masks = {name: here.masks[name] for name in here.inputs if name in here.masks}
    return Question(loaded.model["network"], loaded.signals, views, dict(here.inputs), masks, targets, budget)


def answer(question: Question, method: str, settings: Mapping[str, Any]) -> Found:
    """What the method says.

    Raises:
        UnknownName: no method is called so.
        SettingError: it takes no such setting.
    """
    function: Callable[..., Found] = METHODS.get(method)
    known = list(inspect.signature(function).parameters)[1:]
    for name in settings:
        if name not in known:
            close = closest(name, known)
            fix = f"did you mean {close[0]!r}?" if close else ""
            raise SettingError(f"{method} takes no setting {name!r}", expected=", ".join(known) or "none", fix=fix)
    return function(question, **settings)


def views_of(loaded: Loaded) -> dict[str, View]:
    """A view of each input; without columns (a running text) the inputs are shown as the network reads them."""
    columns: dict[str, dict[str, Any]] = {name: {} for name in loaded.signals}
    if "preprocessing" in loaded.run.json("data.json"):
        fitted = loaded.preprocessing
        columns |= {name: {each: fitted.columns[each] for each in names} for name, names in fitted.inputs.items()}
    return {name: view(name, signal, columns[name]) for name, signal in loaded.signals.items()}


def _written(loaded: Loaded, question: Question, method: str, found: Found) -> list[Explanation]:
    with torch.no_grad():
        given = question.network(question.inputs, question.masks)
        scores = question.targets.scores(given, question.targets.index).tolist()
        answers = loaded.task.answers(given)
    against = {name: view.against for name, view in question.views.items()} | found.against
    explanations = []
    for row in range(question.size):
        explanations.append(
            Explanation(
                method,
                question.targets.names[row],
                scores[row],
                answers[row],
                {name: values[row].detach().cpu().numpy() for name, values in found.inputs.items()},
                {name: question.views[name].show(values[row]) for name, values in question.inputs.items()},
                against,
                {name: float(values[row]) for name, values in found.checks.items()},
            )
        )
    return explanations


def _device(loaded: Loaded) -> torch.device:
    return next((each.device for each in loaded.model.parameters()), torch.device("cpu"))
