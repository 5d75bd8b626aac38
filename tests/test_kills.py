"""Every command killed in every stage and called again: nothing lost, different or left (`scripts/kills.py`)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "kills.py"


@pytest.mark.slow
def test_nothing_is_lost(tmp_path: Path) -> None:
    """A round over one task; a script of its own, since it forks; 500 kills take more than an hour."""
    out = tmp_path / "kills.json"
    command = [sys.executable, str(SCRIPT), "--tasks", "segmentation", "--seed", "1", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (call,) = json.loads(out.read_text(encoding="utf-8"))["calls"]
    killed = {(row["command"], row["stage"]) for row in call["counts"] if row["outcome"] in ("equal", "redone")}
    assert {command for command, _ in killed} >= {"fit", "fit, 2 workers", "export", "report", "predict"}
    assert "| all |" in out.with_suffix(".md").read_text(encoding="utf-8")
