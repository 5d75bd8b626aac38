"""The networks proposed for a kind of signal: `KIND(signal) → [Candidate, …]`; see `weftnet.tasks._propose`.

It is tried on its own `example() → "image:3x16x16"`, a function beside it: a small signal of this kind.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass

from weftnet.architecture.signal import Signal, parse
from weftnet.compose import resolve
from weftnet.contract._check import Broken, Check, checks, documented, expect
from weftnet.contract._proposals import valid
from weftnet.tasks._propose import SIGNALS
from weftnet.tasks._propose.candidate import Candidate


@dataclass(frozen=True)
class _Case:
    name: str
    signal: Signal
    candidates: Sequence[Candidate]


def signal(name: str) -> list[Check]:
    """The checks of proposals for a kind of signal."""
    return checks(name, _case, [_its_kind, _proposes, _features, _encoders, _documented])


def _case(name: str) -> _Case:
    function = SIGNALS.get(name)
    make = getattr(function, "example", None) or getattr(inspect.getmodule(function), "example", None)
    if make is None:
        raise Broken("there is nothing to try it on", fix='write `example() → "image:3x16x16"` beside it')
    given = parse(make())
    return _Case(name, given, function(given))


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


def _documented(case: _Case) -> None:
    """It says what it proposes."""
    documented(SIGNALS.get(case.name))
