"""A competition.json with anything in it: read, or refused by its name."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from odd_json import ODD

from weftnet.base.replacing import MARK
from weftnet.cli.commands.training import _run_to_resume
from weftnet.compete.competition import FILE, best_run, own_files
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
