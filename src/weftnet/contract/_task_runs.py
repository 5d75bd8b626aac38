"""A task's whole path: it learns, is resumed exactly, comes back from its folder, and is exported."""

import math
import shutil
from dataclasses import replace
from typing import Any

import torch

from weftnet.answer.runner import open_export
from weftnet.base import tensors
from weftnet.contract._check import Broken, NotApplicable, expect, long
from weftnet.contract._near import near
from weftnet.contract._scene import BATCH, Scene
from weftnet.data import Data
from weftnet.data.encoded import Encoded
from weftnet.errors import MissingExtra
from weftnet.export import write
from weftnet.tasks import ANSWERS
from weftnet.train import resume

#: steps of a run that is killed, and the batch at which it is
_STEPS, _DEATH = 6, 4


def _learns(scene: Scene) -> None:
    """It learns its example within the bounds that this states, which an untrained network is outside of."""
    metrics = scene.trained().run.json("metrics.json")["validation"]
    bounds = scene.example.learnt
    expect(bool(bounds), "the example has no bounds", fix="learnt: metric → (lowest, highest)")

    def outside(values: Any) -> list[str]:
        return [f"{name} {values[name]:.4g}" for name, (low, high) in bounds.items() if not low <= values[name] <= high]

    expect(not (wrong := outside(metrics)), "after the training", expected=str(dict(bounds)), got=", ".join(wrong))
    untrained = scene.task.evaluate(scene.model(), scene.data.batches("validation", BATCH))
    expect(bool(outside(untrained)), "an untrained network is within the bounds", fix="narrow them")


def _resumes(scene: Scene) -> None:
    """Killed and resumed, it ends with the same weights bit for bit."""
    recipe = scene.recipe(steps=_STEPS, checkpoint_every=0.0, evaluate_every="3 steps", keep="last")
    for folder in ("whole", "killed"):
        shutil.rmtree(scene.path(folder), ignore_errors=True)
    whole = scene.fit("whole", recipe)
    try:
        scene.fit("killed", recipe, _dying(scene.task.arranged(scene.open())))
    except _Killed:
        pass
    else:
        raise Broken("the run was to be killed", got=f"all {_STEPS} steps")
    resumed = resume(scene.path("killed"))
    want, got = (tensors.load(run.folder / "weights.safetensors") for run in (whole, resumed))
    expect(want.keys() == got.keys(), "the resumed run has other weights", got=", ".join(want.keys() ^ got.keys()))
    differing = [name for name, values in want.items() if not torch.equal(values, got[name])]
    fix = "draw with the generator that `losses` is given, and keep no state of a training in the task"
    expect(not differing, "the resumed run differs", got=", ".join(differing), fix=fix)


def _comes_back(scene: Scene) -> None:
    """Its run folder holds all of it: the same task, and the same metrics."""
    loaded = scene.trained()
    untold = replace(loaded.task, **{name: getattr(scene.task, name) for name in scene.task.learnt_last})  # type: ignore[type-var]
    expect(untold == scene.task, "the task is another", expected=str(scene.task), got=str(untold))
    recorded, now = loaded.run.json("metrics.json")["validation"], loaded.metrics(scene.data, "validation")
    for name, value in recorded.items():
        close = math.isclose(value, now[name], rel_tol=1e-4, abs_tol=1e-5)
        expect(close, f"{name} is another after loading", expected=str(value), got=str(now[name]))


@long
def _served(scene: Scene) -> None:
    """Exported, it answers without torch what it answers here."""
    loaded, folder = scene.trained(), scene.path("exported")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        written = write(loaded, folder, data_batches=scene.data.batches("validation", BATCH))
    except MissingExtra as error:
        raise NotApplicable(str(error)) from None
    if written.because:
        raise NotApplicable(written.because)
    batch = scene.batch()
    values, masks = ({k: v.numpy() for k, v in each.items()} for each in (batch.inputs, batch.masks))
    runner = open_export(folder)
    encoded = Encoded(values, masks, batch.rows.numpy())
    served = ANSWERS.get(scene.name)(runner.outputs(encoded), runner.task.settings)
    here = loaded.task.answers(loaded.outputs(batch))
    expect(len(served) == len(here), "answers are missing", expected=str(len(here)), got=str(len(served)))
    for answer, expected in zip(served, here, strict=True):
        expect(near(answer, expected), "a served answer is another", expected=str(expected), got=str(answer))


class _Killed(BaseException):
    """The end of a run, in the middle of it."""


def _dying(data: Data) -> Data:
    """Data that end the run at a batch."""
    give = data.train_batch

    def train_batch(step: int, batch_size: int, seed: int) -> Any:
        if step >= _DEATH:
            raise _Killed
        return give(step, batch_size, seed)

    object.__setattr__(data, "train_batch", train_batch)
    return data


CHECKS = [_learns, _resumes, _comes_back, _served]
