"""What the proposals of several tasks are made of.

    candidate.py     a network to try, and the helpers that make one out of an entry of the zoo
    discriminative.py   for telling examples apart: by the kind of the one input, or encoders side by side
    suited.py        a task's `propose.py` is asked
    generative.py    for drawing examples of an input's shape
    signals/KIND.py  the networks that read an input of this kind, in features: `KIND(signal) → [Candidate, …]`
                     and, where there are such, `statistics(signal) → [node, …]`, which describe it in a vector

`SIGNALS` is the registry of the last ones. A kind of signal that a plugin brings has its networks in a file of its own.
The rules are few and simple. They are starting points; only a competition shows which one is best.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from weftnet.registry import Registry

if TYPE_CHECKING:
    from weftnet.architecture.signal import Signal
    from weftnet.architecture.spec import Node
    from weftnet.tasks._propose.candidate import Candidate

SIGNALS: "Registry[Callable[[Signal], list[Candidate]]]" = Registry(
    "proposal for the signal", f"{__name__}.signals", Path(__file__).parent / "signals"
)


def statistics(signal: "Signal") -> "list[Node] | None":
    """Blocks without weights that describe an input in a vector; none for a vector; None if nothing is known to."""
    of_kind = getattr(SIGNALS.module(signal.kind), "statistics", None) if signal.kind in SIGNALS else None
    return None if of_kind is None else list(of_kind(signal))
