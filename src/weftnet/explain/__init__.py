"""Explanations: which pieces of an input speak for an answer, how far to trust that, and how it looks.

    attribute(loaded, raw)   → list[Explanation]   `methods/` call Captum, `inputs/` define the pieces of an input
    checks(loaded, batch)    → dict[str, float]    does it depend on the network, and does it find what counts
    draw(explanation)        → str                 a fragment of HTML, without scripts, for light and dark

Captum is an optional library (`pip install 'weftnet[explain]'`); importing this package imports neither it nor torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from weftnet.explain.methods import METHODS

if TYPE_CHECKING:
    from weftnet.explain.attributing import attribute, default_method
    from weftnet.explain.drawing import draw
    from weftnet.explain.explanation import Explanation
    from weftnet.explain.sanity import checks, verdicts

__all__ = ["METHODS", "Explanation", "attribute", "checks", "default_method", "draw", "verdicts"]

_LAZY = {
    "Explanation": "explanation",
    "attribute": "attributing",
    "checks": "sanity",
    "default_method": "attributing",
    "draw": "drawing",
    "verdicts": "sanity",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
