"""Spoilt files of every kind, read in children with limits: refused or accepted, nothing else (`scripts/fuzz.py`)."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "fuzz.py"


@pytest.fixture(scope="module")
def fuzz() -> Any:
    spec = spec_from_file_location("fuzz", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["fuzz"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["fuzz"]


@pytest.mark.parametrize("count", [40, pytest.param(20_000, marks=pytest.mark.slow)])
def test_nothing_but_clean_errors(count: int, fuzz: Any) -> None:
    counts, failed = fuzz.run(0, count, verbose=False)
    assert not failed, "\n".join(failed[:5])
    assert sum(counts.values()) == count
