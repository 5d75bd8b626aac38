"""Writing a compressed run: an ordinary run folder that records its origin and the steps taken."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import nn

from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.compress.fine_tuning import fine_tuning_recipe
from weftnet.compress.resources import Resources, network_of
from weftnet.export.onnx import onnx_model
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.train import train
from weftnet.train.calibrating import calibrate
from weftnet.train.recipe import Recipe

ONNX = "model.onnx"


def write_torch(
    parent: Loaded,
    architecture: Architecture,
    network: nn.Module,
    folder: Path,
    resources: Resources,
    step: Mapping[str, Any],
    recipe: Recipe | None = None,
) -> Run:
    """A run of a smaller network, fine-tuned for as long as the resources allow.

    Args:
        parent: the run it was made from.
        architecture: with the new sizes.
        network: with its weights.
        folder: a new one.
        resources: data and time.
        step: the record of what was done.
        recipe: how it is trained; None for a fine-tuning.
    """
    recipe = recipe or fine_tuning_recipe(Recipe.from_dict(parent.run.json("recipe.json")), resources)
    run = _create(parent, architecture, recipe, folder, resources, {**step, "trained_seconds": resources.seconds})
    model = nn.ModuleDict({"network": network})
    if resources.seconds:
        train(model, parent.task, resources.data, recipe, run)
    else:
        run.save_weights(model.eval(), {"step": 0, "steps": 0, "validation": {}})
        calibrate(parent.task, model, resources.data, run)
        run.record(status="finished", seconds=0.0)
    return run


def new_onnx(parent: Loaded, folder: Path, resources: Resources, step: Mapping[str, Any]) -> Run:
    """A run whose engine is ONNX Runtime; the caller writes `model.onnx` and then calls `finish_onnx`."""
    recipe = Recipe.from_dict(parent.run.json("recipe.json"))
    return _create(parent, parent.architecture, recipe, folder, resources, step)


def write_onnx(parent: Loaded, folder: Path, resources: Resources) -> Run:
    """A float32 run whose engine is ONNX Runtime: what the engine alone gains."""
    run = new_onnx(parent, folder, resources, {"method": "onnx"})
    onnx_model(*network_of(parent), folder / ONNX)
    return finish_onnx(run, resources)


def finish_onnx(run: Run, resources: Resources) -> Run:
    """Sign the ONNX file; from then on the run can be loaded."""
    run.sign(ONNX)
    run.record(engine={"name": "onnx", "file": ONNX}, status="finished", seconds=0.0)
    made = load(run)
    calibrate(made.task, made.model, resources.data, run)
    return run


def _create(
    parent: Loaded,
    architecture: Architecture,
    recipe: Recipe,
    folder: Path,
    resources: Resources,
    step: Mapping[str, Any],
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
        seed=resources.seed,
    )
    previous = facts.compression.steps if facts.compression else ()
    run.record(compression={"from": dict(resources.origin), "steps": [*previous, dict(step)]})
    return run
