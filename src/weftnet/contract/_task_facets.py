"""A task's facets: each is there or has a reason, and does what it says on the example."""

import json
from collections.abc import Mapping
from typing import Any, is_typeddict

import torch
from torch import Tensor

from weftnet.base.answers import Form, forms
from weftnet.contract._check import NotApplicable, expect, same
from weftnet.contract._proposals import valid
from weftnet.contract._scene import Scene
from weftnet.data.outputs import chosen
from weftnet.registry import Registry
from weftnet.tasks import (
    ANSWERS,
    DISTILLATIONS,
    EXAMPLES,
    EXPLANATIONS,
    INFERENCES,
    JUDGES,
    PROPOSALS,
    Distillation,
    Targets,
)
from weftnet.tasks._assemble import assemble
from weftnet.tasks._propose.suited import suited

_FACETS: Mapping[str, Registry[Any]] = {
    "answer": ANSWERS, "infer": INFERENCES, "judge": JUDGES, "explain": EXPLANATIONS, "propose": PROPOSALS,
    "distil": DISTILLATIONS, "example": EXAMPLES,
}  # fmt: skip


def _all(scene: Scene) -> None:
    """Each facet is a function, or says why it is not applicable."""
    for facet, registry in _FACETS.items():
        entry = registry.find(scene.name)
        if entry is not None:
            expect(callable(entry), f"{facet}.py holds no function", got=repr(entry))
        else:
            why, form = registry.reason(scene.name), "because …"
            expect(why.startswith("because "), f"the reason in {facet}.py is no reason", expected=form, got=repr(why))


def _answers(scene: Scene) -> None:
    """Its answers are JSON of their schema, one for each example, rows of one table."""
    if ANSWERS.find(scene.name) is None:
        raise NotApplicable(ANSWERS.reason(scene.name))
    loaded = scene.trained()
    batch = scene.batch()
    answers = loaded.task.answers(loaded.outputs(batch))
    expect(len(answers) == batch.size, "answers and examples differ", expected=str(batch.size), got=str(len(answers)))
    json.dumps(answers, allow_nan=False)
    schema = getattr(ANSWERS.module(scene.name), "Answer", None)
    fix = "write class Answer(TypedDict) in answer.py"
    expect(is_typeddict(schema), "the answers have no schema", got=repr(schema), fix=fix)
    required: frozenset[str] = getattr(schema, "__required_keys__", frozenset())
    known = required | getattr(schema, "__optional_keys__", frozenset())
    for answer in answers:
        expect(
            required <= answer.keys() <= known,
            "an answer has other fields",
            expected=str(sorted(known)),
            got=str(list(answer)),
        )
    first, *others = (_columns(answer, forms(schema)) for answer in answers)
    for other in others:
        fix = "name a form whose columns are the same for all answers"
        expect(other == first, "in a table an answer has other columns", expected=str(first), got=str(other), fix=fix)


def _columns(answer: Mapping[str, Any], known: Mapping[str, Form]) -> list[str]:
    """The columns of an answer in a table."""
    return [column for name, value in answer.items() for column in known[name].columns(name, value)]


def _explains(scene: Scene) -> None:
    """What it explains is one differentiable score for each example, with a name."""
    explain = EXPLANATIONS.find(scene.name)
    if explain is None:
        raise NotApplicable(EXPLANATIONS.reason(scene.name))
    with torch.no_grad():
        batch, model = scene.batch(), scene.model().eval()
        targets: Targets = explain(scene.task.settings(), chosen(scene.task.infer(model, batch)), None)
        more, padding = ({}, {}) if targets.given is None else targets.given(targets.index)
        outputs: Tensor = model["network"]({**batch.inputs, **more}, {**batch.masks, **padding})
    outputs.requires_grad_()
    expect(len(targets.names) == batch.size, "names and examples differ", got=str(len(targets.names)))
    for what, score in (("scores", targets.scores), ("certainty", targets.certainty)):
        values = score(outputs, targets.index)
        expect(values.shape == (batch.size,), f"{what}: one for each example", got=str(tuple(values.shape)))
    (gradient,) = torch.autograd.grad(targets.scores(outputs, targets.index).sum(), outputs)
    expect(bool(gradient.isfinite().all() and gradient.flatten(1).any(1).all()), "an example's score has no gradient")
    twice = targets.scores(torch.cat([outputs, outputs]), torch.cat([targets.index, targets.index]))
    apart = not torch.allclose(twice[: batch.size], twice[batch.size :])
    expect(not apart, "the scores depend on the other examples of the batch")


def _proposes(scene: Scene) -> None:
    """The networks that it proposes for its example fit, with recipes that are valid and say no length."""
    propose = PROPOSALS.find(scene.name)
    if propose is None:
        raise NotApplicable(PROPOSALS.reason(scene.name))
    candidates = suited(propose, scene.data.signals, scene.task)
    valid(candidates, lambda each: assemble(each.architecture, scene.task, scene.data.signals))


def _distils(scene: Scene) -> None:
    """What it learns from a teacher is least where both say the same, with a gradient for each example elsewhere."""
    distil = DISTILLATIONS.find(scene.name)
    if distil is None:
        raise NotApplicable(DISTILLATIONS.reason(scene.name))
    how: Distillation = distil(scene.task, scene.task)
    with torch.no_grad():
        batch = scene.batch()
        outputs: Tensor = scene.model().eval()["network"](batch.inputs, batch.masks)
        known = how.known(outputs)
    same(known, outputs, 1e-5, "a teacher of the same task is not understood as it speaks")
    other = (outputs + torch.randn(outputs.shape, generator=torch.Generator().manual_seed(0))).requires_grad_()
    here, there = (how.loss(each, known, batch, 2.0) for each in (outputs, other))
    values = f"{float(here)} and {float(there.detach())}"
    expect(there.shape == (), "the loss is one number", got=str(tuple(there.shape)))
    expect(bool(here < there), "the loss is no less where both say the same", got=values)
    (gradient,) = torch.autograd.grad(there, other)
    expect(bool(gradient.isfinite().all() and gradient.flatten(1).any(1).all()), "an example has no gradient")


CHECKS = [_all, _answers, _explains, _proposes, _distils]
