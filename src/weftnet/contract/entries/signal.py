"""The networks proposed for a kind of signal: `KIND(signal) → [Candidate, …]`; see `weftnet.tasks._propose`.

It is tried on its own `example() → "image:3x16x16"`, a function beside it: a small signal of this kind. Beside it
may also be `statistics(signal) → [node, …]`: blocks without weights that describe it in a vector.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import Chain, Node
from weftnet.compose import Network, resolve
from weftnet.contract._check import Broken, Check, NotApplicable, checks, documented, expect
from weftnet.contract._proposals import valid
from weftnet.tasks._propose import SIGNALS
from weftnet.tasks._propose.candidate import Candidate


@dataclass(frozen=True)
class _Case:
    name: str
    signal: Signal
    candidates: Sequence[Candidate]
    statistics: Callable[[Signal], Sequence[Node]] | None


def signal(name: str) -> list[Check]:
    """The checks of proposals for a kind of signal."""
    return checks(name, _case, [_its_kind, _proposes, _features, _encoders, _describes, _documented])


def _case(name: str) -> _Case:
    function = SIGNALS.get(name)
    make, statistics = (_beside(function, each) for each in ("example", "statistics"))
    if make is None:
        raise Broken("there is nothing to try it on", fix='write `example() → "image:3x16x16"` beside it')
    given = parse(make())
    return _Case(name, given, function(given), statistics)


def _beside(function: object, name: str) -> Any:
    """A function of the same file, or an attribute; None if there is none."""
    return getattr(function, name, None) or getattr(inspect.getmodule(function), name, None)


def _its_kind(case: _Case) -> None:
    """It is called after the kind of signal that it reads."""
    expect(case.signal.kind == case.name, "its example", expected=f"a signal of {case.name}", got=str(case.signal))


def _proposes(case: _Case) -> None:
    """The networks that it proposes can be built, with recipes that are valid and say no length."""
    valid(case.candidates, lambda each: resolve(each.architecture.parts["network"], {"x": case.signal}, "network"))
    silent = [each.name for each in case.candidates if not each.why]
    expect(not silent, "it does not say why they are worth trying", got=", ".join(silent))


def _features(case: _Case) -> None:
    """All of them end in features, one vector for each example, or for each member of an ensemble."""
    for each in case.candidates:
        gives = resolve(each.architecture.parts["network"], {"x": case.signal}, "network").output
        expect(
            gives.axes in (("dim",), ("members", "dim")),
            f"{each.name} ends otherwise",
            expected="a vector",
            got=str(gives),
        )


def _encoders(case: _Case) -> None:
    """One of them is an encoder for its input beside other inputs."""
    marked = [each.encoder for each in case.candidates if each.encoder]
    fix = "mark the simplest with light(…), the strongest with rich(…)"
    expect(bool(marked), "none is marked as an encoder", fix=fix)
    expect(len(set(marked)) == len(marked), "two are marked alike", got=", ".join(marked), fix=fix)


def _describes(case: _Case) -> None:
    """Its statistics are a vector, by blocks without weights."""
    if case.statistics is None:
        raise NotApplicable("it has no statistics")
    nodes = tuple(case.statistics(case.signal))
    tree = resolve(Chain(nodes), {"x": case.signal}, "network") if nodes else None
    gives = tree.output if tree else case.signal
    expect(gives.kind == "vector", "its statistics are something else", expected="a vector", got=str(gives))
    weights = list(Network(tree).parameters()) if tree else []
    expect(not weights, "its statistics have weights", expected="none", got=f"{len(weights)} parameters")


def _documented(case: _Case) -> None:
    """It says what it proposes."""
    documented(SIGNALS.get(case.name))
