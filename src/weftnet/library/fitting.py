"""`weftnet.fit`: data, and a network or none → what was trained, as a `Fit`.

It is `weftnet fit`, with its options as arguments. Trainings follow one another in this process, each on all cores;
`jobs` starts processes, for which a script needs its `if __name__ == "__main__":`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypedDict, Unpack

from weftnet.base.units import seconds_of
from weftnet.compete.choosing import read_by
from weftnet.compete.competition import Competition
from weftnet.compete.entering import FitOptions, opened
from weftnet.data import Data
from weftnet.data.infer import Spec
from weftnet.data.request import Source
from weftnet.data.splits import SplitSpec
from weftnet.errors import RunError, SettingError, closest
from weftnet.library.competing import compete
from weftnet.library.fit import Fit
from weftnet.library.networks import Networks, candidates_of, holds_modules, lazy_ones, sized
from weftnet.library.showing import shown_here
from weftnet.library.shown import Shown
from weftnet.train.listening import Named
from weftnet.train.recipe import Recipe
from weftnet.train.start import Start

#: what says how data are read, beside the target
_OF_DATA = ("kinds", "splits", "validation", "test")


class FitSettings(TypedDict, total=False):
    """What else `weftnet.fit` takes, as the options of `weftnet fit`: see `weftnet fit --help`."""

    task: str | None
    task_settings: Mapping[str, Any]
    loss: Any
    epochs: float | None
    steps: int | None
    total: str | float | None
    seeds: int
    seed: int
    metrics: Sequence[str]
    score: str | None
    recipe: Mapping[str, Any]
    kinds: Mapping[str, Spec | None]
    splits: SplitSpec
    validation: Source
    test: Source
    data_settings: Mapping[str, Any]
    start: Any
    ensemble: bool
    distil: bool
    folds: int
    refit: bool
    baselines: bool | None
    jobs: int
    log: Sequence[Named]
    replace: bool


def fit(
    data: Source | Data = "digits",
    network: Networks = None,
    *,
    target: str | Sequence[str] | None = None,
    budget: str | float | None = None,
    out: str | Path | None = None,
    progress: bool | Shown = True,
    **settings: Unpack[FitSettings],
) -> Fit:
    """Train a network, or let several that suit the data compete under the same budget.

    >>> fit = weftnet.fit("digits", "mlp", steps=60, progress=False)
    >>> fit.evaluate()["accuracy"] > 0.5
    True

    Args:
        data: what `weftnet.open_data` takes, or what it gave.
        network: a name of the zoo, a file, a run, an architecture, its plain data (a dict, a list of blocks,
            OmegaConf), an `nn.Module`; a tuple of several competes; None for a shortlist that suits the data.
        target: the column to predict, or several.
        budget: training time of each network: "60s", "5m". Or `epochs`, `steps`, or `total` for everything.
        out: the folder; by default a new one in runs/.
        progress: whether it is shown, in a notebook, or on a terminal.
        settings: `FitSettings`; `recipe` takes the fields of `weftnet.Recipe`, as {"lr": 0.01}.

    Raises:
        WeftnetError: the data, a network or a setting can't be used, or no training finished.
    """
    _check(settings)
    if lazy_ones(network):
        read = {
            **settings.pop("data_settings", {}),
            **{name: settings.pop(name) for name in _OF_DATA if name in settings},
        }
        if target is not None:
            read["target"], target = target, None
        data = opened(data, read, target_kind=read_by(settings.get("task")))
        network = sized(network, data, int(settings.get("seed", 0)))
    options = options_of(data, network, {**settings, "target": target, "budget": budget, "out": out})
    shown = progress if isinstance(progress, Shown) else shown_here() if progress else Shown()
    ended = compete(options, shown)
    if ended is None:
        raise RunError("this worker is not the first", fix="the first of several workers has the result")
    competition, own = ended
    return Fit(competition.folder, own)


def options_of(data: Source | Data, network: Networks, settings: Mapping[str, Any]) -> FitOptions:
    """The options of the command line that say the same."""
    given = {name: value for name, value in settings.items() if value is not None}
    lengths = {"budget": seconds_of(given.get("budget")), "epochs": given.get("epochs"), "steps": given.get("steps")}
    judging = {"metrics": list(given.get("metrics", ())) or None, "score": given.get("score")}
    columns = ("target", *_OF_DATA)
    named: dict[str, Any] = {name: given[name] for name in columns if name in given}
    loss = {"loss": given["loss"]} if "loss" in given else {}
    plain = ("task", "ensemble", "distil", "folds", "refit", "baselines", "replace")
    jobs, seed = int(given.get("jobs", 1)), int(given.get("seed", 0))
    if jobs > 1 and holds_modules(network):
        what = "a module exists in this process alone"
        raise SettingError(what, where="jobs", expected="1", got=str(jobs), fix="leave out jobs, or write a plugin")
    return FitOptions(
        str(data) if isinstance(data, Path) else data,
        data={**given.get("data_settings", {}), **named},
        archs=candidates_of(network),
        task_settings={**given.get("task_settings", {}), **loss},
        recipe={**given.get("recipe", {}), **{name: value for name, value in (lengths | judging).items() if value}},
        seeds=range(seed, seed + int(given.get("seeds", 1))),
        jobs=jobs,
        out=Path(given["out"]) if "out" in given else None,
        listeners=list(given.get("log", ())),
        start=_start(given.get("start")),
        total=seconds_of(given.get("total"), "total"),
        **{name: given[name] for name in plain if name in given},
    )


def _start(start: Any) -> dict[str, Any] | None:
    """What a training starts from, as `Start.from_dict` reads it."""
    if start is None or isinstance(start, Mapping):
        return None if start is None else dict(start)
    if isinstance(start, Start):
        return start.to_dict()
    if isinstance(start, Competition | Fit):
        return {"from": str(start.folder)}
    return {"from": str(start)}


def _check(settings: Iterable[str]) -> None:
    """Refuse settings that there are not.

    Raises:
        SettingError: with the one that may be meant.
    """
    known, recipe = [*FitSettings.__annotations__], {each.name for each in fields(Recipe)}
    for name in settings:
        if name in known:
            continue
        if name in recipe:
            fix = f"it is a field of the recipe: recipe={{{name!r}: …}}"
        else:
            close = closest(name, [*known, "target", "budget", "out", "progress", "network", "data"])
            fix = f"did you mean {close[0]!r}?" if close else ""
        raise SettingError(f"fit takes no {name!r}", where="fit", expected=", ".join(known), fix=fix)
