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
    commands = {"fit", "fit, 2 workers", "export", "report", "predict"}
    assert {row["command"] for row in call["counts"]} >= commands
    killed = {row["command"] for row in call["counts"] if row["outcome"] in ("equal", "redone")}
    assert len(commands - killed) <= 1, "of one a single kill may come too late, by how fast the machine is"
    assert "| all |" in out.with_suffix(".md").read_text(encoding="utf-8")
