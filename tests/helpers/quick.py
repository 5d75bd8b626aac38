"""Cases of a test of which the default run takes some: all of them take minutes."""

from collections.abc import Iterable
from typing import Any

import pytest


def some(cases: Iterable[Any], *quick: Any) -> list[Any]:
    """The cases of a test; all but the quick ones are slow."""
    return [pytest.param(case, marks=[pytest.mark.slow] * (case not in quick)) for case in cases]
