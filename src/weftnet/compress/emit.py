"""Writing a compressed run: an ordinary run folder that says where it comes from and what was done."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.compress.means import Means, network_of
from weftnet.compress.tune import shortened
from weftnet.export.onnx import onnx_model
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded
from weftnet.train import train
from weftnet.train.recipe import Recipe

ONNX = "model.onnx"


def write_torch(
    parent: Loaded, architecture: Architecture, network: nn.Module, folder: Path, means: Means, step: Mapping[str, Any]
) -> Run:
    """A run of a smaller network, trained on for as long as the means allow.

    Args:
        parent: the run it was made of.
        architecture: with the new sizes.
        network: with its weights.
        folder: a new one.
        means: data and time.
        step: what was done, for the record.
    """
    recipe = shortened(Recipe.from_dict(parent.run.json("recipe.json")), means)
    run = _create(parent, architecture, recipe, folder, means, {**step, "trained_seconds": means.seconds})
    model = nn.ModuleDict({"network": network})
    if means.seconds:
        train(model, parent.task, means.data, recipe, run, progress=means.progress)
    else:
        run.save_weights(model.eval(), {"step": 0, "steps": 0, "validation": {}})
        run.record(status="finished", seconds=0.0)
    return run


def new_onnx(parent: Loaded, folder: Path, means: Means, step: Mapping[str, Any]) -> Run:
    """A run that ONNX Runtime answers for; its file `model.onnx` is still to be written, then `finish_onnx` called."""
    recipe = Recipe.from_dict(parent.run.json("recipe.json"))
    return _create(parent, parent.architecture, recipe, folder, means, step)


def write_onnx(parent: Loaded, folder: Path, means: Means) -> Run:
    """A run that ONNX Runtime answers for in float32: what an engine gains alone."""
    run = new_onnx(parent, folder, means, {"method": "onnx"})
    onnx_model(*network_of(parent), folder / ONNX)
    return finish_onnx(run)


def finish_onnx(run: Run) -> Run:
    """Sign the ONNX file: from now on the run can be loaded."""
    run.sign(ONNX)
    run.record(engine={"name": "onnx", "file": ONNX}, status="finished", seconds=0.0)
    return run


def _create(
    parent: Loaded, architecture: Architecture, recipe: Recipe, folder: Path, means: Means, step: Mapping[str, Any]
) -> Run:
    facts = parent.run.facts
    run = Run.create(
        folder,
        architecture=to_yaml(architecture),
        recipe=recipe.to_dict(),
        task=asdict(facts.task),
        data=asdict(facts.data),
        signals=facts.signals,
        state=parent.run.json("data.json"),
        seed=means.seed,
    )
    before = facts.compression.steps if facts.compression else ()
    run.record(compression={"from": dict(means.origin), "steps": [*before, dict(step)]})
    return run
