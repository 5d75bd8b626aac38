"""An ensemble: some of the networks of a competition as one run, chosen greedily on the validation split.

    S₀ = ∅;   Sᵢ = Sᵢ₋₁ ∪ {argminₖ loss(mean of the outputs of Sᵢ₋₁ and of k)},   with replacement, `ROUNDS` times

The set with the lowest loss is taken; how often a network is in it is its weight (Caruana et al. 2004, Ensemble
selection from libraries of models, https://doi.org/10.1145/1015330.1015432). The loss is the task's own, which has no
ties and rewards honest probabilities. Every network answers the validation split once.

The result is a plain run (`members.py`): it predicts, explains, exports and serves as one network does. Its validation
score is a little too good, as the members were chosen by it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.architecture.spec import to_yaml
from weftnet.base.workplace import whole
from weftnet.compete.jobs import conclude
from weftnet.compete.members import PART, together, weights_of
from weftnet.compose import build
from weftnet.data.batch import Batch, at_once
from weftnet.data.data import Data
from weftnet.errors import RunError
from weftnet.execution.answering import plans_for_answers
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.tasks._task import Task
from weftnet.train.calibrating import calibrate

#: networks that are chosen, one after another, some of them several times
ROUNDS = 25
#: share of the loss below which a difference may be rounding: a set and the same set twice are equally good
_ROUNDING = 1e-9


class _Mean(nn.Module):
    """Stands for a network in a task's loss: gives outputs that are known already."""

    def __init__(self, outputs: Tensor) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, inputs: Any, masks: Any = None) -> Tensor:
        """The outputs of the batch."""
        return self.outputs


def members(runs: Sequence[Run], data: Data, most: int | None = None) -> dict[str, int]:
    """How often each network is in the best ensemble, by the run's folder, the most frequent first.

    Args:
        runs: finished, of one competition or at least of the same data and task.
        data: with a validation split.
        most: networks; None for as many as there are.

    Raises:
        RunError: they don't belong together, one of them gives no lone output, or nothing can be chosen by.
    """
    if not data.sizes.get("validation"):
        raise RunError("an ensemble is chosen on the validation split", where=data.name, got="none in the data")
    alike(runs)
    batches = list(data.batches("validation", at_once(data.signals)))
    task, outputs = _alone(runs[0]), [_outputs(load(run), batches) for run in runs]
    chosen: list[int] = []
    best, kept = 0.0, 0
    total = [torch.zeros_like(each) for each in outputs[0]]
    for size in range(1, ROUNDS + 1):
        full = most is not None and len(set(chosen)) >= most
        allowed = sorted(set(chosen)) if full else range(len(runs))
        means = {each: [(a + b) / size for a, b in zip(total, outputs[each], strict=True)] for each in allowed}
        losses = {each: _loss(task, batches, mean) for each, mean in means.items()}
        pick = min(losses, key=losses.__getitem__)
        chosen.append(pick)
        total = [a + b for a, b in zip(total, outputs[pick], strict=True)]
        if not kept or losses[pick] < best - _ROUNDING * abs(best):
            best, kept = losses[pick], size
    counts = Counter(chosen[:kept])
    return {str(runs[number].folder): count for number, count in counts.most_common()}


def write(chosen: Mapping[str, int], data: Data, folder: Path) -> Run:
    """The chosen networks as one finished run, evaluated on both splits; after a kill it is whole or absent.

    Args:
        chosen: folder of a run → its weight, before they are divided by their sum.
        data: that they were trained on.
        folder: new or empty.

    Raises:
        RunError: they don't belong together, or one of them can't be a member.
    """
    alike([Run.open(name) for name in chosen])
    loaded = [load(name) for name in chosen]
    total, first = sum(chosen.values()), loaded[0].run
    inputs, architectures = list(loaded[0].signals), [each.architecture for each in loaded]
    architecture = together(architectures, [count / total for count in chosen.values()], inputs)
    model = build(architecture, loaded[0].task.inputs(loaded[0].signals))
    model.load_state_dict(weights_of([each.model for each in loaded], architectures, inputs))
    total_seconds = sum(each.run.facts.seconds or 0.0 for each in loaded)
    told = [
        {"name": each.run.folder.name, "weight": count / total, "sha256": each.run.checksum}
        for each, count in zip(loaded, chosen.values(), strict=True)
    ]
    with whole(folder) as new:
        run = Run.create(
            new,
            architecture=to_yaml(architecture),
            recipe=first.json("recipe.json"),
            task=asdict(first.facts.task),
            data=asdict(first.facts.data),
            signals=first.facts.signals,
            state=first.json("data.json"),
            seed=first.facts.seed,
        )
        run.save_weights(model.eval(), {"step": 0, "steps": 0, "validation": {}})
        calibrate(loaded[0].task, model, data, run)
        answers = plans_for_answers(model, data, "auto", total_seconds)
        facts = {} if answers is None else {"answers": answers.to_dict()}
        run.record(members=told, status="finished", seconds=total_seconds, steps=0, **facts)
        conclude(run, data)
    return Run.open(folder)


def alike(runs: Sequence[Run]) -> None:
    """Refuse runs whose answers don't mean the same.

    Raises:
        RunError: they have other data, inputs, preprocessing or another task.
    """
    first, *others = runs
    for other in others:
        for what, own, theirs in zip(("task", "data", "inputs"), _facts(first), _facts(other), strict=True):
            if own != theirs:
                text = f"has another {what} than {first.folder.name}, so they can't be an ensemble"
                raise RunError(text, where=str(other.folder), expected=str(own)[:300], got=str(theirs)[:300])


def _facts(run: Run) -> tuple[Any, Any, Any]:
    """What has to be the same: the task with what it learnt from the data, the data, the inputs as they are encoded."""
    from weftnet.tasks import TASKS

    task = run.facts.task
    learnt = [each.name for each in fields(TASKS.get(task.name)) if each.default is each.default_factory is MISSING]
    settings = {name: task.settings.get(name) for name in learnt}
    return (task.name, settings), run.facts.data.fingerprint, run.json("data.json").get("preprocessing")


def _alone(run: Run) -> Task:
    """The run's task, if a single network answers.

    Raises:
        RunError: it trains several.
    """
    task = load(run).task
    if task.parts != (PART,):
        what = "trains several networks, so there is no output to average"
        raise RunError(what, where=str(run.folder), got=", ".join(task.parts))
    return task


def _outputs(loaded: Loaded, batches: Sequence[Batch]) -> list[Tensor]:
    """The outputs of a network for each batch, in float64: what the task's loss reads."""
    with torch.inference_mode():
        given = [loaded.model[PART](batch.inputs, batch.masks) for batch in batches]
    if any(not isinstance(each, Tensor) for each in given):
        what = "gives several outputs, so it can't be a member of an ensemble"
        raise RunError(what, where=str(loaded.run.folder), got=", ".join(given[0]))
    return [each.double() for each in given if isinstance(each, Tensor)]


def _loss(task: Task, batches: Sequence[Batch], outputs: Sequence[Tensor]) -> float:
    """The task's loss of outputs, the mean over the examples."""
    total, generator = 0.0, torch.Generator()
    with torch.inference_mode():
        for batch, each in zip(batches, outputs, strict=True):
            losses = task.losses(nn.ModuleDict({PART: _Mean(each)}), batch, generator)
            total += batch.size * sum(float(loss) for _, loss in losses)
    return total / sum(batch.size for batch in batches)
