"""Every entry of every registry keeps its contract; a new entry is tested by being there."""

from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module

import pytest

from weftnet.contract import CONTRACTS, Check, contracts
from weftnet.contract._check import NotApplicable
from weftnet.plugins import REGISTRIES
from weftnet.registry import Registry

#: what is checked with the task that it belongs to
FACETS = {"answer", "infer", "judge", "explain", "propose", "distil", "example"}


def registry(word: str) -> Registry[object]:
    module, _, name = REGISTRIES[word][1].partition(":")
    found: Registry[object] = getattr(import_module(module), name)
    return found


def cases() -> Iterator[object]:
    for word in CONTRACTS:
        for check in contracts(word, registry(word)):
            marks = [pytest.mark.slow] if check.long else []
            yield pytest.param(check, id=f"{word}-{check.entry}-{check.sentence}", marks=marks)


@pytest.mark.parametrize("check", list(cases()))
def test_an_entry_keeps_its_contract(check: Check) -> None:
    with suppress(NotApplicable):
        check.holds()


def test_every_registry_has_a_contract() -> None:
    assert set(CONTRACTS) == set(REGISTRIES) - FACETS
