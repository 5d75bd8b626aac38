"""What a recipe says of a teacher.

teacher: {from: [runs/large], share: 0.9, temperature: 4, hints: {'3': '7'}, hint_weight: 1}
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from weftnet.base.settings import nearest
from weftnet.base.typed import misfit
from weftnet.errors import SettingError

#: temperature of logits where nothing is said
TEMPERATURE = 4.0


@dataclass(frozen=True)
class Teacher:
    """From whom a training learns beside the labels.

    Args:
        runs: folders of finished runs; of several the mean of their outputs counts.
        share: α, of the teacher's loss in the sum; the labels have the rest.
        temperature: that softens logits; None for 4, or for answers that are no logits.
        hints: node here → node of the first teacher, whose features a linear map of those here shall equal.
        hint_weight: of each hint's loss, which is added.
    """

    runs: tuple[str, ...]
    share: float = 0.9
    temperature: float | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    hint_weight: float = 1.0

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> "Teacher":
        """From {from, share, temperature, hints, hint_weight}.

        Raises:
            SettingError: a field is unknown or can't be used.
        """
        where = "recipe: teacher"
        known = ["from", *(each.name for each in fields(cls) if each.name != "runs")]
        for name in written:
            if name not in known:
                raise SettingError(f"no field is called {name!r}", where=where, **nearest(str(name), known))
        runs = written.get("from")
        runs = [runs] if isinstance(runs, str) else runs
        if misfit(list(runs or ()), list[str]) or not runs:
            raise SettingError("a teacher is a run", where=where, expected="from: [RUN]", got=repr(written.get("from")))
        settings: dict[str, Any] = {name: value for name, value in written.items() if name != "from"}
        if wrong := misfit(settings.get("hints", {}), dict[str, str]):
            raise SettingError("hints can't be used", where=where, expected=wrong, got=repr(settings["hints"]))
        limits = {"share": (0.0, 1.0), "temperature": (0.0, math.inf), "hint_weight": (0.0, math.inf)}
        for name, (low, high) in limits.items():
            value = settings.get(name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and low < value <= high and math.isfinite(value)):
                expected = f"a number above {low:g}" + (f", at most {high:g}" if high < math.inf else "")
                raise SettingError(f"{name} can't be used", where=where, expected=expected, got=repr(value))
        return cls(tuple(runs), **{name: value for name, value in settings.items() if value is not None})
