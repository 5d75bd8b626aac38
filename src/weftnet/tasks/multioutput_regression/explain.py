"""What there is to explain: one of the values, in its target's own unit."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from weftnet.errors import UnknownName
from weftnet.tasks._targets import Targets, number


def multioutput_regression(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The value of a target, of the first one if none is asked for.

    Raises:
        UnknownName: there is no such target.
    """
    names: list[str] = settings["targets"]
    name = names[0] if target is None else str(target)
    if name not in names:
        raise UnknownName("target", name, names, where="target")
    place = names.index(name)
    return number(outputs, name, place, float(settings["scale"][place]), float(settings["mean"][place]))
