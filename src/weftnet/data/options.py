"""The options of a source: which there are, whether those given can be used, and who takes them.

An option is a keyword argument of the function that needs it, so that its signature is the only list.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

from weftnet.base.typed import brief, misfit
from weftnet.errors import SettingError, closest

Taker = Callable[..., Any] | None


def shared_out(
    takers: Mapping[str, Taker], given: Mapping[str, Any], before: Mapping[str, Any], where: str
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """All options that hold, and those of each function.

    Args:
        takers: the functions that take options, by a word for each; None takes none.
        given: the options a person gave.
        before: those of the data's state, which hold where nothing else is said.
        where: the source, for messages.

    Raises:
        SettingError: nobody takes an option, or its value is of another type.
    """
    taken = {who: _options_of(taker) for who, taker in takers.items()}
    known = [option for options in taken.values() for option in options]
    for option in given:
        if option not in known:
            close = closest(option, known)
            fix = f"did you mean {close[0]!r}?" if close else ""
            expected = ", ".join(known) or "no options"
            raise SettingError(f"this source takes no option {option!r}", where=where, expected=expected, fix=fix)
    options = {option: value for option, value in before.items() if option in known} | dict(given)
    for taker in takers.values():
        hints = get_type_hints(taker) if taker else {}
        for option, value in options.items():
            if wrong := misfit(value, hints.get(option, Any)):
                what = f"the option {option!r} can't be used"
                raise SettingError(what, where=where, expected=wrong, got=brief(value))
    return options, {who: {name: options[name] for name in names if name in options} for who, names in taken.items()}


def _options_of(taker: Taker) -> list[str]:
    parameters = inspect.signature(taker).parameters.values() if taker else ()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
