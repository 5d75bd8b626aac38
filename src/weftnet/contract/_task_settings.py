"""What a task says of itself, and what it leaves as it was."""

import json

import torch
from torch import nn

from weftnet.contract._check import Broken, expect
from weftnet.contract._scene import Scene, generator
from weftnet.tasks import TASKS
from weftnet.tasks._scoring import Scoring


def _settings(scene: Scene) -> None:
    """Its settings come back from JSON, and make the same task."""
    settings = scene.task.settings()
    try:
        read = json.loads(json.dumps(settings, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise Broken("the settings are no JSON", got=str(error), fix="keep lists, numbers and texts only") from None
    expect(read == settings, "the settings change in JSON", expected=str(settings), got=str(read))
    again = TASKS.get(scene.name)(**read)
    expect(again == scene.task, "the task of these settings is another", fix="make it a frozen dataclass")


def _groups(scene: Scene) -> None:
    """Its groups cover its parts once."""
    parts = sorted(part for parts in scene.task.groups.values() for part in parts)
    expect(parts == sorted(scene.task.parts), "groups and parts differ", expected=str(scene.task.parts), got=str(parts))


def _score(scene: Scene) -> None:
    """One of its metrics decides, and says in which direction."""
    expect(Scoring(scene.task).better in ("max", "min"), "the score has no direction")


def _evaluation(scene: Scene) -> None:
    """Evaluation repeats, is JSON, contains the score and leaves weights, modes and the global chance alone."""
    model = scene.model()
    frozen = next(module for module in model[scene.task.parts[0]].modules() if not any(module.children())).eval()
    before = _state(model)
    batches = [scene.batch(), scene.batch()]
    first, second = scene.task.evaluate(model, batches), scene.task.evaluate(model, batches)
    expect(first == second, "two evaluations differ", expected=str(first), got=str(second))
    expect(
        scene.task.score in first, "the score is none of the metrics", expected=scene.task.score, got=", ".join(first)
    )
    json.dumps(first)
    _unchanged(model, before, "evaluation")
    modes = {module.training for module in model.modules() if module is not frozen}
    fix = "evaluate inside weftnet.tasks._task.evaluating"
    expect(modes == {True} and not frozen.training, "evaluation leaves modules in another mode", fix=fix)
    next(iter(scene.task.losses(model, scene.batch(), generator())))[1].backward()  # type: ignore[no-untyped-call]


def _evaluation_fails(scene: Scene) -> None:
    """Evaluation restores the mode after an error."""
    model = scene.model()

    def fail(*_: object) -> None:
        raise _OnPurpose

    hooks = [each.register_forward_pre_hook(fail) for each in model.modules()]  # a pass may be made of the blocks
    try:
        scene.task.evaluate(model, [scene.batch()])
    except _OnPurpose:
        pass
    else:
        raise Broken("the evaluation runs no network")
    for hook in hooks:
        hook.remove()
    expect(all(module.training for module in model.modules()), "modules stay in evaluation mode after an error")


def _nothing(scene: Scene) -> None:
    """Where there is nothing to evaluate it says so."""
    try:
        metrics = scene.task.evaluate(scene.model(), [])
    except Exception as error:
        text = str(error)
        expect("nothing to evaluate" in text or "too few" in text, "the error does not say so", got=text)
    else:
        raise Broken("no batches are evaluated", expected="an error", got=str(metrics))


def _check_is_harmless(scene: Scene) -> None:
    """Its own check of a model lets the example's pass, and leaves it as it was."""
    model = scene.model()
    before = _state(model)
    scene.task.check(model)
    _unchanged(model, before, "the check")
    expect(all(module.training for module in model.modules()), "the check leaves modules in another mode")


def _head_once(scene: Scene) -> None:
    """A complete network gets no second head."""
    from weftnet.compose import resolve
    from weftnet.tasks._assemble import last_block

    for part, node in scene.assembled.architecture.parts.items():
        resolved = resolve(node, scene.assembled.inputs[part], part)
        head = scene.task.head(part, resolved.output, last_block(resolved))
        expect(not head, f"the part {part} gets a second head", got=str(head), fix="return () where it is complete")


class _OnPurpose(Exception):
    """Raised inside a network, on purpose."""


def _state(model: nn.ModuleDict) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in model.state_dict().items()} | {"": torch.get_rng_state()}


def _unchanged(model: nn.ModuleDict, before: dict[str, torch.Tensor], what: str) -> None:
    expect(torch.equal(torch.get_rng_state(), before[""]), f"{what} draws from the global generator")
    moved = [key for key, value in model.state_dict().items() if not torch.equal(value, before[key])]
    expect(not moved, f"{what} changes the weights", got=", ".join(moved))


CHECKS = [_settings, _groups, _score, _evaluation, _evaluation_fails, _nothing, _check_is_harmless, _head_once]
