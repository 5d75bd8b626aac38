"""An export target: a class with `suffix`, `runs_alone`, `write`, `open` and `inner`; see `weftnet.export.targets`.

It is tried on the trained example of the first task whose network it can write.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from weftnet.architecture.signal import Signal
from weftnet.compose.network import Network, build
from weftnet.contract._check import Check, NotApplicable, checks, documented, expect, long
from weftnet.contract._runs import suited
from weftnet.contract._scene import Scene
from weftnet.errors import RunError
from weftnet.export.capture import Captured, arguments, output_names
from weftnet.export.diverge import first_diverging
from weftnet.export.parity import arguments_of, check, random_inputs
from weftnet.export.targets import TARGETS


@dataclass(frozen=True)
class _Case:
    name: str
    target: Any
    scene: Scene
    network: Network
    signals: dict[str, Signal]
    path: Path
    captured: Captured


def export_target(name: str) -> list[Check]:
    """The checks of a format of exports."""
    return checks(name, _case, [_described, _parity, _leaves_the_network, _repeats, _blames, _documented])


def _case(name: str) -> _Case:
    return _found(name, TARGETS.get(name))


@lru_cache(maxsize=16)
def _found(name: str, target: Any) -> _Case:
    """The case of an entry, made once."""
    return suited(lambda scene: _written(name, target, scene, "model"))


def _written(name: str, target: Any, scene: Scene, file: str) -> _Case:
    loaded = scene.trained()
    if "network" not in loaded.model:
        raise RunError("has several networks")
    network: Any = loaded.model["network"]
    folder = scene.path(f"exported-{name}")
    folder.mkdir(exist_ok=True)
    path = folder / (file + target.suffix)
    return _Case(name, target(), scene, network, loaded.signals, path, target().write(network, loaded.signals, path))


def _described(case: _Case) -> None:
    """It says the ending of its files, and the names of what goes in and out."""
    expect(case.target.suffix.startswith("."), "its suffix", expected="such as .onnx", got=repr(case.target.suffix))
    expect(isinstance(case.target.runs_alone, bool), "runs_alone is no bool", got=repr(case.target.runs_alone))
    expect(case.path.is_file(), "the file was not written", expected=case.path.name)
    named = (case.captured.arguments, case.captured.outputs)
    expected = (arguments(case.signals), output_names(case.network))
    expect(named == expected, "the names of inputs and outputs", expected=str(expected), got=str(named))


def _parity(case: _Case) -> None:
    """Its file gives the network's numbers, for batches of any size."""
    inputs = chain(random_inputs(case.signals, case.captured.free), [arguments_of(case.scene.batch())])
    compared, differing = check(case.network, case.signals, case.target.open(case.path), inputs)
    worst = compared[-1]
    expect(
        differing is None,
        f"other numbers, for {worst.signature}",
        expected=f"differences up to {worst.allowed:.2g}",
        got=f"{worst.difference:.2g}",
    )


@long
def _leaves_the_network(case: _Case) -> None:
    """Writing leaves the network's weights and mode, and the global chance, as they were."""
    state, chance = {key: value.clone() for key, value in case.network.state_dict().items()}, torch.get_rng_state()
    _written(case.name, TARGETS.get(case.name), case.scene, "again")
    moved = [key for key, value in case.network.state_dict().items() if not torch.equal(value, state[key])]
    expect(not moved, "it changes the network", got=", ".join(moved))
    expect(not any(each.training for each in case.network.modules()), "it leaves modules in training mode")
    expect(torch.equal(torch.get_rng_state(), chance), "it draws from the global generator")


def _repeats(case: _Case) -> None:
    """What it opens twice gives the same numbers twice."""
    values = arguments_of(case.scene.batch())
    first, second = (case.target.open(case.path)(values) for _ in range(2))
    equal = all((one == other).all() for one, other in zip(first, second, strict=True))
    expect(equal, "the numbers differ")


def _blames(case: _Case) -> None:
    """Its inner values show at which node another network differs."""
    values = arguments_of(case.scene.batch())
    inner = case.target.inner(case.path, values)
    if not inner:
        raise NotApplicable("it shows no inner values, so that no error can name a node")
    agreeing = first_diverging(case.network, case.signals, values, inner)
    expect(agreeing is None, "a node of the network itself differs", got=str(agreeing))
    other: Any = build(case.scene.assembled.architecture, case.scene.assembled.inputs, seed=0)["network"].eval()
    other.load_state_dict(case.network.state_dict())
    weighted = [path for path in other.resolved.children if [*other.get_submodule(path).parameters()]]
    with torch.no_grad():
        for parameter in other.get_submodule(weighted[0]).parameters():
            parameter.add_(1.0)
    found = first_diverging(other, case.signals, values, inner)
    expect(
        found is not None and found.node.split(" ")[0].split(".")[0] == weighted[0],
        "the node whose weights differ is not found",
        expected=weighted[0],
        got=str(found),
        fix="give each value the path of the module that computed it",
    )


def _documented(case: _Case) -> None:
    """It says what it writes."""
    documented(type(case.target))
