"""The report of a competition: the chart of every seed shows the test scores in their unit."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from weftnet.base.scores import Score
from weftnet.compete.competition import competition_of
from weftnet.compete.jobs import Outcome
from weftnet.data import open_data
from weftnet.report.competition import write_competition


def facts() -> dict[str, Any]:
    return {"parameters": 1, "flops": 2, "latency": 0.1, "why": ""}


def outcome(name: str, seed: int, test: float) -> Outcome:
    scores = {"accuracy": test}, {"accuracy": test}
    return Outcome(name, seed, f"{name}-seed{seed}", "finished", *scores, 2.0, 10)


@pytest.fixture(scope="module")
def digits() -> Any:
    return open_data("digits")


@pytest.mark.parametrize(("unit", "means"), [("share", ["85.00", "55.00"]), ("", ["0.8500", "0.5500"])])
def test_every_seed_is_a_dot_beside_their_mean(unit: str, means: list[str], digits: Any, tmp_path: Path) -> None:
    outcomes = [outcome("a", 0, 0.8), outcome("a", 1, 0.9), outcome("b", 0, 0.5), outcome("b", 1, 0.6)]
    candidates, score = {"a": facts(), "b": facts()}, Score("accuracy", "max", unit)
    result = competition_of(tmp_path, ("digits", "classification"), [score], candidates, outcomes)
    page = write_competition(replace(result, best=None), digits).read_text(encoding="utf-8")
    (chart,) = re.findall(r"Every seed.*?</svg>", page, re.DOTALL)
    assert chart.count("<circle") == 4
    assert re.findall(r"<text class=soft[^>]*>([\d.]+)</text>", chart)[:2] == means
