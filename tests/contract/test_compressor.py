"""What a method of compression is tried on."""

from pathlib import Path
from typing import Any

import pytest
from broken import NAME, outcome

from weftnet.compress.methods.low_rank import LowRank
from weftnet.compress.resources import NotApplicable, Resources
from weftnet.contract import _runs
from weftnet.run.loading import Loaded


class Particular(LowRank):
    """Applies to nothing, and remembers what it was asked about."""

    asked: list[tuple[str, ...]] = []  # noqa: RUF012

    @classmethod
    def apply(cls, run: Loaded, resources: Resources, folder: Path, **setting: Any) -> Any:
        cls.asked.append(tuple(run.model))
        return NotApplicable("nothing will do")


def test_it_is_tried_on_runs_that_can_be_compressed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No method is asked about a run of several networks: the command refuses it before."""
    monkeypatch.setattr(_runs, "TASKS", ("gan", "regression"))
    found = outcome("compressor", "Applied again it gives the same answers", {"compressor": Particular})
    assert (found.entry, found.verdict) == (NAME, "broken")
    assert Particular.asked == [("network",)]
    assert "gan: it has no single network that answers" in found.why
    assert "regression: it does not apply (nothing will do)" in found.why
