"""A user's subclasses are checked by mypy: what they derive from is no Any."""

import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = """
from typing import Any

from torch import Tensor

from weftnet.data.kinds import Kind
from weftnet.metrics import Metric
from weftnet.tasks import Task


class Mine(Task):
    def metrics(self) -> list[int]:
        return []


class Column(Kind):
    def encode(self, values: Any) -> str:
        return ""


class Number(Metric):
    def update(self, outputs: int, target: Tensor) -> None:
        return None


reveal_type(Task.evaluate)
"""


@pytest.mark.slow
def test_what_users_derive_from_is_typed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", str(tmp_path / "cache")]
    source = Path(__file__).parents[1] / "src"
    done = subprocess.run(
        [*command, "mine.py"], cwd=tmp_path, env={"MYPYPATH": str(source), "PATH": ""}, capture_output=True, text=True
    )
    said = done.stdout
    assert 'Return type "list[int]" of "metrics" incompatible with return type "list[Metric]"' in said, said
    assert 'Return type "str" of "encode" incompatible' in said
    assert 'Argument 1 of "update" is incompatible with supertype' in said
    assert 'Revealed type is "Any"' not in said
    assert "subclass" not in said  # class cannot subclass "Task" (has type "Any")
