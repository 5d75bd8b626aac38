"""The main function: which pieces of an input speak for an answer."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from weftnet.data import Batch
from weftnet.data.outputs import chosen
from weftnet.errors import SettingError, closest
from weftnet.explain.alignment import aligned, alignment_of
from weftnet.explain.explanation import Explanation
from weftnet.explain.inputs import View, view
from weftnet.explain.methods import METHODS
from weftnet.explain.request import Attribution, AttributionRequest
from weftnet.explain.targets import choose
from weftnet.run.loading import Loaded
from weftnet.tasks._targets import Targets

#: examples that go through the network at once
BUDGET = 64


def attribute(
    loaded: Loaded,
    examples: Batch | Mapping[str, Any],
    method: str | None = None,
    target: str | int | None = None,
    *,
    budget: int = BUDGET,
    **settings: Any,
) -> list[Explanation]:
    """Explain a run's answers: one explanation for each example.

    Args:
        loaded: the run.
        examples: raw values by column, or a batch of its data.
        method: the name of an entry of `METHODS`; None for the one that suits the network.
        target: a label, or the step of a forecast (`3`, or `temperature:3`); None for the likeliest label, the value of
            a regression, or the first step of a forecast.
        budget: examples, or interpolation steps towards them, that go through the network at once. Memory grows with
            it alone.
        settings: of the method: `steps` of integrated gradients, `window` of occlusion.

    Raises:
        UnknownName: there is no method, label or forecast of that name.
        SettingError: the method doesn't apply to this network, or a setting is invalid.
        MissingExtra: Captum is not installed.
    """
    method = method or default_method(loaded)
    batch = examples if isinstance(examples, Batch) else loaded.encode(examples)
    explanations: list[Explanation] = []
    views = views_of(loaded)
    for chunk in chunks(batch, budget):
        targets = choose(loaded, outputs(loaded, chunk), target)
        request = build_request(loaded, chunk, views, targets, budget)
        explanations += _explanations(loaded, chunk, request, method, run_method(request, method, settings))
    return explanations


def default_method(loaded: Loaded) -> str:
    """The method that a network is explained by unless another is named: by gradients, where it has them."""
    if loaded.run.facts.engine or not all(getattr(each, "differentiable", True) for each in loaded.model.modules()):
        return "occlusion"
    return "integrated_gradients"


def chunks(batch: Batch, budget: int) -> list[Batch]:
    """A batch as several of at most `budget` examples."""
    if budget < 1:
        raise SettingError("the budget must be at least one example", where="budget", got=str(budget))
    return [batch.slice(start, start + budget) for start in range(0, batch.size, budget)]


def outputs(loaded: Loaded, batch: Batch) -> Tensor:
    """What is explained of a batch: the task's answer."""
    return chosen(loaded.outputs(batch.to(_device(loaded))))


def build_request(
    loaded: Loaded, batch: Batch, views: dict[str, View], targets: Targets, budget: int
) -> AttributionRequest:
    """The request to explain a batch, on the network's device."""
    here = batch.to(_device(loaded))
    masks = {name: here.masks[name] for name in here.inputs if name in here.masks}
    return AttributionRequest(loaded.model["network"], loaded.signals, views, dict(here.inputs), masks, targets, budget)


def run_method(request: AttributionRequest, method: str, settings: Mapping[str, Any]) -> Attribution:
    """The attribution that a method computes.

    Raises:
        UnknownName: there is no method of that name.
        SettingError: the method has no such setting.
    """
    function: Callable[..., Attribution] = METHODS.get(method)
    known = list(inspect.signature(function).parameters)[1:]
    for name in settings:
        if name not in known:
            close = closest(name, known)
            fix = f"did you mean {close[0]!r}?" if close else ""
            raise SettingError(f"{method} takes no setting {name!r}", expected=", ".join(known) or "none", fix=fix)
    return function(request, **settings)


def views_of(loaded: Loaded) -> dict[str, View]:
    """A view of each input; without columns (plain running text) the encoded values themselves are displayed."""
    columns: dict[str, dict[str, Any]] = {name: {} for name in loaded.signals}
    if "preprocessing" in loaded.run.json("data.json"):
        fitted = loaded.preprocessing
        columns |= {name: {each: fitted.columns[each] for each in names} for name, names in fitted.inputs.items()}
    return {name: view(name, signal, columns[name]) for name, signal in loaded.signals.items()}


def _explanations(
    loaded: Loaded, batch: Batch, request: AttributionRequest, method: str, attribution: Attribution
) -> list[Explanation]:
    with torch.no_grad():
        network_outputs, shares = aligned(request)
        scores = request.targets.scores(network_outputs, request.targets.index).tolist()
    answers = loaded.task.answers(loaded.outputs(batch.to(_device(loaded))))
    baselines = {name: view.baseline_text for name, view in request.views.items()}
    return [
        Explanation(
            method=method,
            target=request.targets.names[row],
            score=scores[row],
            answer=answers[row],
            inputs={name: values[row].detach().cpu().numpy() for name, values in attribution.inputs.items()},
            displayed={name: request.views[name].display(values[row]) for name, values in request.inputs.items()},
            compared_with=baselines | attribution.compared_with,
            checks={name: float(values[row]) for name, values in attribution.checks.items()},
            alignment=None if shares is None else alignment_of(request, shares, row),
        )
        for row in range(request.size)
    ]


def _device(loaded: Loaded) -> torch.device:
    return next((each.device for each in loaded.model.parameters()), torch.device("cpu"))
