"""What there is to explain: the value, in the target's own unit."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from weftnet.errors import SettingError
from weftnet.tasks._targets import Targets, number


def regression(settings: Mapping[str, Any], outputs: Tensor, target: str | int | None) -> Targets:
    """The value.

    Raises:
        SettingError: another target is asked for.
    """
    if target not in (None, "value"):
        raise SettingError("a regression has one target", where="target", expected="value", got=repr(target))
    return number(outputs, "value", 0, float(settings["scale"]), float(settings["mean"]))
