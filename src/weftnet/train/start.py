"""A training that starts from another run: its weights by path, what is frozen, what learns more slowly.

    start: {from: runs/digits, map: {body: encoder}, freeze: [body], thaw: {body.3: 0.5}, rate: {head: 10}}

Weights of the same name and shape are taken. What has no partner is listed, never skipped in silence: `missing` keeps
its initial values, `unexpected` stays behind, what is `of another shape` too. Where the classes differ, the head is
new. The run records its ancestors, by checksum. Its first checkpoint is the state after the transfer, so that it is
resumed without the run it started from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from weftnet.data.data import Data
from weftnet.errors import RunError, SettingError, closest
from weftnet.run.folder import Run
from weftnet.run.lineage import Ancestor, StartFacts
from weftnet.run.loading import weights_of
from weftnet.tasks._assemble import Assembled
from weftnet.tasks._task import Task
from weftnet.train.refitting import Scene
from weftnet.train.tuning import SHOWN, check_fields, few, shares, way_of

#: what may differ in columns that are prepared alike
_SIZES = {"size", "sizes", "length", "time", "resize", "keep", "interpolation"}


@dataclass(frozen=True)
class Start:
    """What a training starts from.

    >>> start = weftnet.Start("runs/digits/mlp-seed0", tune="head")
    >>> weftnet.fit("digits", start=start, steps=3, progress=False).run.facts.start.tune
    'head'

    Args:
        run: the folder of a finished run.
        map: path here → path there, where they differ; "" there leaves what is here new.
        freeze: patterns of paths that are not trained.
        rate: pattern → factor of the learning rate.
        tune: what is trained but for what is frozen: `all`, the `head` alone, or the head and low-rank adapters beside
            the weights below it: `lora`, `dora`, or {lora: {rank: 8, alpha: 16, paths: [body]}}.
        thaw: pattern → share of the steps, as 0.5 or "50%", at which what it covers begins to learn.
        depth_rate: factor of the learning rate for each layer below the head, as 0.8.
        l2_sp: strength of the pull towards the weights that were taken, instead of their decay towards zero.
        delta: whether the run keeps only what differs from this one, which it then needs.

    Raises:
        SettingError: a field can't be used.
    """

    run: str
    map: Mapping[str, str] = field(default_factory=dict)
    freeze: Sequence[str] = ()
    rate: Mapping[str, float] = field(default_factory=dict)
    tune: str | Mapping[str, Any] = "all"
    thaw: Mapping[str, float | str] = field(default_factory=dict)
    depth_rate: float | None = None
    l2_sp: float = 0.0
    delta: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "run", str(self.run))
        object.__setattr__(self, "freeze", tuple(self.freeze))
        object.__setattr__(self, "thaw", shares(self.thaw))
        check_fields({each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Start":
        """From {from, map, freeze, rate, …}.

        Raises:
            SettingError: a field is unknown, or `from` is missing.
        """
        known = ["from", *(each.name for each in fields(cls) if each.name != "run")]
        for name in document:
            if name not in known:
                raise SettingError(f"no field is called {name!r}", where="start", expected=", ".join(known))
        if "from" not in document:
            raise SettingError("a start is from a run", where="start", expected="from: RUN", got=str(dict(document)))
        return cls(document["from"], **{name: value for name, value in document.items() if name != "from"})

    def to_dict(self) -> dict[str, Any]:
        """As JSON; `from_dict` gives the same start back."""
        written = {each.name: getattr(self, each.name) for each in fields(self)}
        lists = {name: dict(written[name]) for name in ("map", "rate", "thaw")} | {"freeze": list(self.freeze)}
        return {"from": written.pop("run"), **written, **lists}

    @property
    def ways(self) -> tuple[str, ...]:
        """The fields that say how it is trained, where they are not as usual."""
        mine, usual = vars(self), vars(Start(self.run, self.map, delta=self.delta))
        return tuple(name for name in mine if mine[name] != usual[name])

    def fitted(self) -> dict[str, Any]:
        """The fitted input columns of the run, for `open_data(fitted=…)`.

        Raises:
            RunError: it can't be read.
        """
        columns: dict[str, Any] = Run.open(self.run).json("data.json").get("preprocessing", {}).get("columns", {})
        return columns


@dataclass(frozen=True)
class Taken:
    """What became of the weights.

    Args:
        names: that were taken.
        missing: here, without a partner there.
        unexpected: there, without a partner here.
        reshaped: of another shape, with both shapes.
        new: left out on purpose: the head of other classes, or what the map says.
        adapted: that were made to fit, and how.
    """

    names: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    reshaped: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    adapted: tuple[str, ...] = ()

    def fresh(self, model: nn.Module) -> tuple[str, ...]:
        """The tensors of the model that were not taken."""
        taken = set(self.names)
        return tuple(name for name in model.state_dict() if name not in taken)

    def lines(self) -> list[str]:
        """For a person."""
        parts = {
            "made to fit": self.adapted, "new": self.new, "missing, so new": self.missing,
            "of another shape, so new": self.reshaped, "unexpected, so left behind": self.unexpected,
        }  # fmt: skip
        first = f"{len(self.names)} tensors taken"
        return [first, *(f"{what}: {few(names)}" for what, names in parts.items() if names)]


def transfer(start: Start, model: nn.ModuleDict, task: Task, assembled: Assembled, data: Data) -> StartFacts:
    """Give a model the weights of the run that it starts from; returns what run.json keeps.

    Args:
        start: from which run, and by which map.
        model: with its initial weights.
        task, assembled, data: of the new run.

    Raises:
        RunError: there is no such run, it has no weights, or none of them fits.
        SettingError: the map names what isn't there.
    """
    origin = Run.open(start.run)
    here, there = (facts.get("labels") or [] for facts in (task.settings(), origin.facts.task.settings))
    other = bool(here and there) and list(here) != list(there)
    fresh = head_of(model, assembled) if other else ()
    taken = _take(model, origin, start, fresh, Scene.of(model, origin, data))
    lines = [f"starts from {start.run}: {taken.lines()[0]}", *taken.lines()[1:]]
    if other:
        lines.append(f"the head is new, as the classes differ: {len(here)} here, {len(there)} there")
    lines += _prepared(origin, data)
    before = origin.facts.start.ancestors if origin.facts.start else ()
    parent = Ancestor(origin.folder.name, origin.checksum, origin.facts.data.fingerprint or "")
    asked = {each.name: getattr(start, each.name) for each in fields(start)}
    asked["tune"], asked["adapt"] = way_of(start.tune)
    facts = StartFacts(**asked, new=fresh, lines=tuple(lines), ancestors=(parent, *before))
    return replace(facts, head=head_nodes(model, assembled), fresh=taken.fresh(model))


def again(facts: StartFacts, model: nn.ModuleDict, data: Data) -> None:
    """Transfer the weights once more, for a run that ended before its first checkpoint.

    Args:
        facts: what run.json says of the start.
        model: with its initial weights.
        data: of the run.

    Raises:
        RunError: the run that it starts from is gone, or is another one now.
    """
    origin = origin_of(facts)
    if origin is None:
        what = "ended before its first checkpoint, and the run that it starts from is not there as it was"
        raise RunError(what, where=facts.run, fix="start it again with weftnet fit")
    _take(model, origin, Start(facts.run, facts.map), facts.new, Scene.of(model, origin, data))


def origin_of(facts: StartFacts) -> Run | None:
    """The run that a start names, if it is there as it was."""
    folder = Path(facts.run)
    origin = Run.open(folder) if (folder / "run.json").is_file() else None
    return origin if origin is not None and origin.checksum == facts.ancestors[0].weights else None


def head_of(model: nn.ModuleDict, assembled: Assembled) -> tuple[str, ...]:
    """Names of the tensors of each part's head: of the nodes that the task added, or of the last block with weights."""
    nodes = head_nodes(model, assembled)
    return tuple(name for name in model.state_dict() if any(name.startswith(f"{each}.") for each in nodes))


def head_nodes(model: nn.ModuleDict, assembled: Assembled) -> tuple[str, ...]:
    """The paths of each part's head: of the nodes that the task added, or of the last block with weights."""
    paths: list[str] = []
    for part, network in model.items():
        own, children = list(network.state_dict()), [name for name, _ in network.named_children()]
        count = len(assembled.added.get(part, ()))
        if count and children[-1].isdecimal():
            last = children[-count:]
        elif count:  # a graph, which has the head as one node
            last = children[-1:]
        else:
            last = [own[-1].rpartition(".")[0]] if own else []
        paths += [f"{part}.{each}" for each in last]
    return tuple(paths)


def _take(model: nn.ModuleDict, origin: Run, start: Start, fresh: Sequence[str], scene: Scene) -> Taken:
    here, there = model.state_dict(), weights_of(origin)
    partner = partners(start.map, list(here), list(there))
    names, missing, reshaped, new, fitted = [], [], [], [], []
    with torch.no_grad():
        for name, value in here.items():
            old = partner[name]
            if old is None or name in fresh:
                new.append(name)
            elif old not in there:
                missing.append(name)
            elif scene.unlike(name, there[old], value) and (made := scene.adapted(name, there[old], value)) is not None:
                value.copy_(made[0])
                names.append(name)
                fitted.append(f"{name}, {made[1]}")
            elif there[old].shape != value.shape or there[old].is_floating_point() != value.is_floating_point():
                reshaped.append(f"{name} {shape_text(value)}, there {shape_text(there[old])}")
            else:
                value.copy_(there[old])
                names.append(name)
    wanted = set(partner.values())
    unexpected = tuple(name for name in there if name not in wanted)
    taken = Taken(tuple(names), tuple(missing), unexpected, tuple(reshaped), tuple(new), tuple(fitted))
    if not names:
        fix = "name the paths that belong together: --map here=there"
        raise RunError("none of its weights fits", where=start.run, got="; ".join(taken.lines()[1:]), fix=fix)
    return taken


def partners(paths: Mapping[str, str], here: Sequence[str], there: Sequence[str]) -> dict[str, str | None]:
    """For each tensor here the name of its partner there; None for one that stays new."""
    pairs = {_full(new, here, "here"): _full(old, there, "there") if old else "" for new, old in paths.items()}
    partners: dict[str, str | None] = {}
    for name in here:
        longest = max((path for path in pairs if f"{name}.".startswith(f"{path}.")), key=len, default=None)
        if longest is None:
            partners[name] = name
        else:
            old = pairs[longest]
            partners[name] = old + name[len(longest) :] if old else None
    return partners


def _full(path: str, names: Sequence[str], side: str) -> str:
    """A path of the map with its part, which may be left out where there is only one.

    Raises:
        SettingError: nothing is called so.
    """
    for full in (path, f"network.{path}"):
        if any(f"{name}.".startswith(f"{full}.") for name in names):
            return full
    nodes = sorted({name.rpartition(".")[0] for name in names})
    near = closest(path, nodes)
    fix = f"did you mean {near[0]!r}?" if near else ""
    expected = "" if near else ", ".join(nodes[:SHOWN])
    raise SettingError(f"nothing {side} is called {path!r}", where="start: map", expected=expected, fix=fix)


def _prepared(origin: Run, data: Data) -> list[str]:
    """Whether the inputs are prepared as in the run it starts from."""
    before = origin.json("data.json").get("preprocessing", {}).get("columns", {})
    after = data.state().get("preprocessing", {}).get("columns", {})
    lines, fitted = [], []
    for name, state in after.items():
        there = name if name in before else next((each for each in before if _alike(before[each], state)), "")
        if not there or not _alike(before[there], state):
            fitted.append(name)
            continue
        other = [key for key in state if state[key] != before[there].get(key)]
        lines.append(name + f" (as {there})" * (there != name) + f", but for {', '.join(other)}" * bool(other))
    kept = [f"prepared as there: {few(lines)}"] if lines else []
    return [*kept, f"prepared otherwise than there, fitted on these data: {few(fitted)}"] if fitted else kept


def _alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two columns are of one kind, with the same statistics: only sizes, which are few, may differ."""
    other = [key for key in after if after[key] != before.get(key)]
    return before.get("kind") == after.get("kind") and not set(other) - _SIZES


def shape_text(value: torch.Tensor) -> str:
    """2×3×5, for a person."""
    return "×".join(map(str, value.shape)) or "a number"
