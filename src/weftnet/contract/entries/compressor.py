"""A compressor: a class with `order`, `engine`, `variants`, `label` and `apply`; see `weftnet.compress.resources`.

It is tried with its first variant, without fine-tuning, on the trained example of the first task it applies to. That a
run is faster and as good is measured where it is used (`weftnet.compress.contract`): it is refused otherwise.
"""

import json
import shutil
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch

from weftnet.base.files import sha256
from weftnet.compress.compressing import check_compressible
from weftnet.compress.methods import METHODS
from weftnet.compress.resources import NotApplicable as Inapplicable
from weftnet.compress.resources import Resources
from weftnet.contract._check import Check, NotApplicable, checks, documented, expect, long
from weftnet.contract._runs import suited
from weftnet.contract._scene import Scene
from weftnet.data.outputs import chosen
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load


@dataclass(frozen=True)
class _Case:
    name: str
    method: Any
    scene: Scene
    run: Run

    def outputs(self, loaded: Loaded) -> torch.Tensor:
        """Of a batch of the example."""
        outputs: torch.Tensor = chosen(loaded.outputs(self.scene.batch()))
        return outputs


def compressor(name: str) -> list[Check]:
    """The checks of a method of compression."""
    return checks(name, str, [_described, _loads, _smaller, _leaves_the_run, _repeats, _documented])


def _case(name: str) -> _Case:
    return _found(name, METHODS.get(name))


@lru_cache(maxsize=16)
def _found(name: str, method: Any) -> _Case:
    """The case of an entry, made once."""

    def tried(scene: Scene) -> _Case:
        loaded = scene.trained()
        check_compressible(loaded, scene.data)
        return _Case(name, method, scene, _applied(method, scene, f"{name}-compressed", loaded))

    return suited(tried)


def _applied(method: Any, scene: Scene, folder: str, loaded: Loaded) -> Run:
    path = scene.path(folder)
    shutil.rmtree(path, ignore_errors=True)
    origin = {"folder": str(loaded.run.folder), "weights": sha256(loaded.run.file(loaded.run.weights_file))}
    run = method.apply(loaded, Resources(scene.data, origin=origin), path, **method.variants[0])
    if isinstance(run, Inapplicable):
        raise RunError("it does not apply", got=run.reason)
    return load(path).run


@lru_cache(maxsize=4)
def _again(name: str, method: Any) -> tuple[Run, list[str], list[str]]:
    """A second run, and which files and weights of the original it changed."""
    case = _found(name, method)
    loaded = case.scene.trained()
    folder, state = loaded.run.folder, {key: value.clone() for key, value in loaded.model.state_dict().items()}
    files = {path: sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    run = _applied(case.method, case.scene, f"{case.name}-again", loaded)
    changed = [path.name for path, before in files.items() if not path.is_file() or sha256(path) != before]
    moved = [key for key, value in loaded.model.state_dict().items() if not torch.equal(value, state[key])]
    return run, changed, moved


def _described(name: str) -> None:
    """It says its place, its engine and its variants, each with a label of its own."""
    method = METHODS.get(name)
    expect(isinstance(method.order, int), "its place", expected="a whole number, order", got=repr(method.order))
    expect(isinstance(method.engine, str) and bool(method.engine), "it names no engine", got=repr(method.engine))
    expect(len(method.variants) > 0, "it has no variants", fix="variants = ({},) for one without settings")
    labels = [method.label(**variant) for variant in method.variants]
    expect(len(set(labels)) == len(labels), "two variants have one label", got=", ".join(labels))
    json.dumps([dict(variant) for variant in method.variants], allow_nan=False)


@long
def _loads(name: str) -> None:
    """Its run is loaded as any other, says what was done, and its answers go with the original's."""
    case = _case(name)
    steps = case.run.facts.compression.steps if case.run.facts.compression else ()
    expect(len(steps) > 0, "the run does not say how it was made", fix="write it with weftnet.compress.emit")
    json.dumps([dict(step) for step in steps], allow_nan=False)
    loaded, original = load(case.run), case.scene.trained()
    expect(loaded.task == original.task, "the run is of another task", got=str(loaded.task))
    before, after = case.outputs(original), case.outputs(loaded)
    expect(after.shape == before.shape, "the outputs", expected=str(before.shape), got=str(after.shape))
    expect(bool(after.isfinite().all()), "the outputs are not finite")
    correlated = float(torch.corrcoef(torch.stack([before.flatten().float(), after.flatten().float()]))[0, 1])
    expect(
        correlated > 0, "the answers have nothing in common with the original's", got=f"correlation {correlated:.2g}"
    )


@long
def _smaller(name: str) -> None:
    """Its run for torch has fewer parameters."""
    if METHODS.get(name).engine != "torch":
        raise NotApplicable("the graph of a small example is mostly names: it is weighed where it is used")
    case = _case(name)
    before, after = (
        sum(each.numel() for each in run.model.parameters()) for run in (case.scene.trained(), load(case.run))
    )
    expect(after < before, "nothing is smaller", expected=f"fewer than {before} parameters", got=str(after))


@long
def _leaves_the_run(name: str) -> None:
    """The run that it was given stays as it is."""
    _, files, weights = _again(name, METHODS.get(name))
    expect(not files, "it changes files of the run", got=", ".join(files))
    expect(not weights, "it changes the network", got=", ".join(weights), fix="work on a copy")


@long
def _repeats(name: str) -> None:
    """Applied again it gives the same answers."""
    case = _case(name)
    first, second = case.outputs(load(case.run)), case.outputs(load(_again(name, METHODS.get(name))[0]))
    expect(torch.equal(first, second), "the answers differ", fix="draw from a generator with the seed of the resources")


def _documented(name: str) -> None:
    """It says what it does, and whose idea it is."""
    documented(METHODS.get(name), "Source: ")
