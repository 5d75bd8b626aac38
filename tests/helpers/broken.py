"""Entries that are broken on purpose: what their contract says of them."""

from collections.abc import Mapping
from typing import Any

from weftnet.contract import Outcome, contract
from weftnet.plugins import REGISTRIES
from weftnet.registry import Registry

NAME = "broken"


def registry(word: str) -> Registry[Any]:
    """A registry, as plugins call it."""
    module, _, name = REGISTRIES[word][1].partition(":")
    found: Registry[Any] = getattr(__import__(module, fromlist=[name]), name)
    return found


def outcome(word: str, sentence: str, entries: Mapping[str, Any]) -> Outcome:
    """What comes of one check of an entry called `broken`; its facets are registered with it.

    Args:
        word: the registry.
        sentence: of the check.
        entries: by registry.
    """
    for each, entry in entries.items():
        registry(each).add(NAME, entry, plugin=NAME)
    try:
        (check,) = (check for check in contract(word, NAME) if check.sentence == sentence)
        return check.outcome()
    finally:
        for each in entries:
            registry(each).forget(NAME)


def sentences(word: str) -> list[str]:
    """All that a registry asks of an entry."""
    return [check.sentence for check in contract(word, registry(word).names()[0])]


def takes_long(word: str, sentence: str) -> bool:
    """Whether a check trains, exports or loads a run."""
    return any(check.long for check in contract(word, registry(word).names()[0]) if check.sentence == sentence)
