"""A competition.json with anything in it: read, or refused by its name."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from odd_json import ODD

from weftnet.base.replacing import MARK
from weftnet.cli.commands.fit import fit_command
from weftnet.cli.commands.training import _run_to_resume, resume_command
from weftnet.compete.competition import FILE, best_run, own_files
from weftnet.compete.entering import FitOptions
from weftnet.compete.rejoin import rejoined
from weftnet.errors import WeftnetError


@pytest.mark.parametrize("read", [own_files, rejoined, best_run, _run_to_resume])
@pytest.mark.parametrize("name", ["runs", "outcomes", "best", "candidates", "metrics"])
def test_whatever_stands_there(name: str, read: Callable[[Path], object], tmp_path: Path) -> None:
    whole: dict[str, Any] = {**MARK, "data": "x", "task": "y", "metrics": [], "candidates": {}, "outcomes": []}
    for odd in ODD:
        for value in (odd, [odd], {"a": odd}, [{"status": odd}]):
            (tmp_path / FILE).write_text(json.dumps(whole | {name: value}), encoding="utf-8")
            with suppress(WeftnetError):
                read(tmp_path)


def test_a_run_is_resumed_though_others_were_never_begun(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As after a kill during the first of four trainings."""
    (net := tmp_path / "net.yaml").write_text("[flatten, {dense: {dim: 4}}]")
    (other := tmp_path / "other.yaml").write_text("[flatten, {dense: {dim: 5}}]")
    out = tmp_path / "out"
    recipe = {"steps": 2, "plan": "eager"}
    fit_command(FitOptions("digits", archs=[str(net), str(other)], recipe=recipe, seeds=range(2), jobs=1, out=out))
    for name in ("other-seed0", "net-seed1", "other-seed1"):
        shutil.rmtree(out / name)
    told = json.loads((out / FILE).read_text())
    told["outcomes"] = [{**each, "status": "stopped", "validation": {}, "test": {}} for each in told["outcomes"]]
    (out / FILE).write_text(json.dumps({**told, "best": None, "standings": []}))
    capsys.readouterr()
    resume_command(out / "net-seed0", None)
    told = json.loads((out / FILE).read_text())
    assert [each["status"] for each in told["outcomes"]] == ["finished", "skipped", "skipped", "skipped"]
    assert told["best"] == "net-seed0"
    assert "net" in (out / "report.html").read_text()
    assert "continue with" not in capsys.readouterr().out
