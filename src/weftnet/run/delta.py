"""Runs that hold only what differs from a base: adapters, a head, whatever else was trained.

    weights = the base's, by the names that `delta.taken` gives    + delta.safetensors    adapters merged

The base is named by its folder and by the checksum of its weights. Looked for is the folder as it was written, and
where it lay beside this one. One that is gone, or holds other weights now, is an error, never a silent answer.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from torch import Tensor, nn

from weftnet.base import tensors
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.execution.adapters import ADAPTERS, attach, merge
from weftnet.run.folder import DELTA, WEIGHTS, Run

#: the most runs that stand on one another
_MOST = 16
Weights = Mapping[str, Tensor]


def base_of(run: Run) -> Run:
    """The run that a delta stands on, if it is what it was.

    Raises:
        RunError: it is gone, or has other weights.
    """
    delta = run.facts.delta
    assert delta is not None  # whoever asks has seen it
    others: list[str] = []
    for folder in dict.fromkeys((Path(delta.base), run.folder / delta.near)):
        if (folder / "run.json").is_file():
            base = Run.open(folder)
            if base.checksum == delta.weights:
                return base
            others.append(f"{folder} with weights sha256 {base.checksum or 'none'}")
    what = "the base of this run has changed" if others else "the base of this run is not there"
    expected = f"{delta.base} with weights sha256 {delta.weights}"
    fix = f"bring it back, or name where it is: weftnet merge {run.folder} --base FOLDER --out NEW"
    raise RunError(what, where=str(run.folder), expected=expected, got="; ".join(others), fix=fix)


def shapes_of(run: Run) -> dict[str, tuple[int, ...]]:
    """The shapes of a run's weights by name, from the headers of its files.

    Raises:
        RunError: a base is gone or has changed.
        DamagedCheckpoint: a file is not what was written, or runs stand on one another in a circle.
    """
    chain = [run]
    while chain[-1].facts.delta is not None:
        chain.append(base_of(chain[-1]))
        if len(chain) > _MOST:
            raise DamagedCheckpoint("too many runs stand on one another", where=str(run.folder), expected=f"{_MOST}")
    shapes = tensors.shapes(chain.pop().file(WEIGHTS))
    for each in reversed(chain):
        delta, own = each.facts.delta, tensors.shapes(each.file(DELTA))
        assert delta is not None  # it is above a base
        if missing := [there for there in delta.taken.values() if there not in shapes]:
            raise DamagedCheckpoint("its base has no such tensor", where=str(each.folder), got=missing[0])
        shapes = {here: shapes[there] for here, there in delta.taken.items()}
        shapes |= {name: shape for name, shape in own.items() if f".{ADAPTERS}." not in name}
    return shapes


def fill(run: Run, model: nn.Module, weights: Callable[[Run], Weights]) -> None:
    """Give a model, built from the run's architecture, the weights of a delta and its base, merged.

    Args:
        run: with a delta.
        model: of the sizes that `shapes_of` says.
        weights: of another run.

    Raises:
        RunError: the base is gone or has changed.
        DamagedCheckpoint: the files don't fit the model.
    """
    delta, start, path = run.facts.delta, run.facts.start, run.file(DELTA)
    assert delta is not None  # whoever asks has seen it
    own, there = tensors.load(path), weights(base_of(run))
    adapt, layers = start.adapt if start else None, dict(model.named_modules())
    for name in adapt.weights if adapt else ():
        place, _, key = name.rpartition(".")
        down = own.get(f"{place}.{ADAPTERS}.{key}.A")
        if adapt is None or start is None or down is None or down.shape[:1] != (adapt.rank,) or place not in layers:
            raise DamagedCheckpoint(f"has no adapter of {name}", where=str(path))
        attach(layers[place], key, adapt.rank, adapt.alpha / adapt.rank, start.tune == "dora")
    state = {here: there[name] for here, name in delta.taken.items()} | own
    expected = model.state_dict()
    for name in state.keys() & expected.keys():
        if state[name].is_floating_point() != expected[name].is_floating_point():
            raise DamagedCheckpoint(f"{name} is of another type", where=str(path), expected=str(expected[name].dtype))
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise DamagedCheckpoint(f"the weights don't fit the model: {error}", where=str(path)) from error
    merge(model)
