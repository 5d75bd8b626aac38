"""The options of a source: which there are, whether their values can be used, and which function takes them.

An option is a keyword argument of the function that needs it, so that its signature is the only list.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from weftnet.base.typed import brief, misfit
from weftnet.errors import SettingError, closest

Taker = Callable[..., Any] | None


def assign(
    takers: Mapping[str, Taker], options: Mapping[str, Any], previous: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """All options in force, and those of each function.

    Args:
        takers: the functions that take options, each by a name; None takes none.
        options: that a person set.
        previous: those of the data's state, which hold unless they are set again.
        where: the source, for messages.

    Raises:
        SettingError: no function takes an option, or its value has the wrong type.
    """
    taken = {name: _options_of(taker) for name, taker in takers.items()}
    known = [option for names in taken.values() for option in names]
    for option in options:
        if option not in known:
            close = closest(option, known)
            fix = f"did you mean {close[0]!r}?" if close else ""
            expected = ", ".join(known) or "no options"
            raise SettingError(f"this source takes no option {option!r}", where=where, expected=expected, fix=fix)
    merged = {option: value for option, value in previous.items() if option in known} | dict(options)
    for taker in takers.values():
        hints = get_type_hints(taker) if taker else {}
        for option, value in merged.items():
            if wrong := misfit(value, hints.get(option, Any)):
                what = f"the option {option!r} can't be used"
                raise SettingError(what, where=where, expected=wrong, got=brief(value))
    return merged, {name: {option: merged[option] for option in own if option in merged} for name, own in taken.items()}


def _options_of(taker: Taker) -> list[str]:
    parameters = inspect.signature(taker).parameters.values() if taker else ()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
