"""A word of the field with its explanation: a button that shows it – by mouse, finger and keyboard, without a script.

The button names an element that floats above the page (`popover`); the page brings each of them once, at its end. Where
a browser doesn't know that, the explanation is the button's title.
"""

import re
from collections.abc import Iterator
from functools import cache
from html import escape

from weftnet.base.language import attribute, spoken, twin
from weftnet.base.words import WORDS
from weftnet.metrics import METRICS

_USED = re.compile(r"popovertarget='word-([a-z0-9-]+)'")


def explanation(name: str) -> str:
    """What a word means: of the metric of that name what its file says; empty for one that is not known."""
    if name.lower() in WORDS:
        return WORDS[name.lower()]
    if name not in METRICS:
        return ""
    first = (METRICS.module(name).__doc__ or "").split("\n\n")[0]
    return " ".join(first.split())


def explained(name: str) -> str:
    """HTML of a word: a button where it has an explanation, else the word as a text of the program's."""
    told = explanation(name)
    if not told:
        return spoken(name)
    about = attribute("title", told)
    return (
        f"<button type=button class=word popovertarget='word-{_slug(name)}' {about}{twin(name)}>{escape(name)}</button>"
    )


def explanations_used(html: str) -> Iterator[str]:
    """The elements that the buttons of a page show, each once."""
    for slug in dict.fromkeys(_USED.findall(html)):
        if name := _by_slug().get(slug):
            told = spoken(explanation(name))
            yield f"<p popover class=told id='word-{slug}'><b{twin(name)}>{escape(name)}</b> {told}</p>"


@cache
def _by_slug() -> dict[str, str]:
    return {_slug(name): name for name in [*METRICS.names(), *WORDS]}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
