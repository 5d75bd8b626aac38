"""How far a training got, and that no leaderboard names a winner that was hardly trained without saying so."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from weftnet.base.scores import Score
from weftnet.cli.commands.show import board
from weftnet.compete.competition import competition_of
from weftnet.compete.jobs import Outcome
from weftnet.compete.trained import trained

ACCURACY, LOSS = Score("accuracy", "max", "share"), Score("loss", "min")
BUDGET = {"budget": 10.0, "epochs": None, "steps": None}


def history(score: str, values: Sequence[float], steps: int = 10, per_epoch: int = 10) -> list[dict[str, Any]]:
    """An evaluation after every so many steps."""
    return [
        {"step": steps * number, "epoch": steps * number / per_epoch, "validation": {score: value}}
        for number, value in enumerate(values, 1)
    ]


@pytest.mark.parametrize(
    ("values", "improving"),
    [
        ([0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99], True),
        ([0.2, 0.6, 0.8, 0.9, 0.92, 0.92, 0.92, 0.921], False),  # hardly any gain at the end
        ([0.2, 0.4, 0.6, 0.7, 0.9, 0.8, 0.7, 0.8], False),  # the best came before
        ([0.2, 0.4, 0.9], False),  # too few to tell
        ([0.5, 0.5, 0.5, 0.5, 0.5], False),
        ([float("nan"), 0.2, 0.4, 0.6, 0.8], True),
    ],
)
def test_improving_is_a_gain_at_the_end(values: list[float], improving: bool) -> None:
    assert trained(history("accuracy", values), BUDGET, ACCURACY).improving is improving
    assert trained(history("loss", [1 - each for each in values]), BUDGET, LOSS).improving is improving


@pytest.mark.parametrize(
    ("recipe", "longer"),
    [(BUDGET, "--budget 20s"), ({"epochs": 4}, "--epochs 8"), ({"steps": 80}, "--steps 160"), ({}, "")],
)
def test_the_note_says_what_would_help(recipe: dict[str, Any], longer: str) -> None:
    rising = trained(history("accuracy", [0.2, 0.4, 0.6, 0.8, 0.9]), recipe, ACCURACY)
    assert rising.note == "still improving when its training ended" + (f"; longer: {longer}" if longer else "")


def test_a_training_of_a_few_steps_or_part_of_an_epoch_is_hardly_one() -> None:
    few = trained(history("accuracy", [0.2], steps=5, per_epoch=2), BUDGET, ACCURACY)
    assert few.note == "hardly trained: 5 steps, 2.5 epochs; longer: --budget 200s"
    part = trained(history("accuracy", [0.2], steps=50, per_epoch=400), BUDGET, ACCURACY)
    assert part.note == "hardly trained: 50 steps, 0.12 epochs; longer: --budget 80s"
    assert not trained(history("accuracy", [0.2], steps=1), {**BUDGET, "solver": "ridge"}, ACCURACY).note
    assert not trained(history("accuracy", [0.2], steps=5000, per_epoch=9000), BUDGET, ACCURACY).note
    assert not trained(history("accuracy", [0.2, 0.3], steps=100, per_epoch=40), BUDGET, ACCURACY).note


def test_the_leaderboard_says_how_far_each_got() -> None:
    facts = {name: {"parameters": 1, "flops": 2, "latency": 0.1, "why": ""} for name in ("best", "next", "ensemble")}
    common = {"status": "finished", "test": {}, "seconds": 2.0}
    outcomes = [
        Outcome("best", 0, "best-seed0", validation={"accuracy": 0.9}, steps=12, epochs=0.3, longer="--budget 84s",
                **common),
        Outcome("next", 0, "next-seed0", validation={"accuracy": 0.8}, steps=1234, epochs=5.5, improving=True,
                longer="--budget 20s", **common),
        Outcome("ensemble", 0, "ensemble", validation={"accuracy": 0.7}, **common),
    ]  # fmt: skip
    result = competition_of(Path("x"), ("data", "task"), (ACCURACY,), facts, outcomes)
    assert "best was hardly trained: 12 steps, 0.3 epochs; longer: --budget 84s" in result.reason
    assert [each.length for each in result.standings] == [("12", "0.3"), ("1.23 k", "5.5"), ("–", "–")]
    board(Console(file=(out := StringIO()), width=200), result)
    assert "next was still improving when its training ended; longer: --budget 20s" in out.getvalue()
    assert "steps" in out.getvalue()
    assert result.document()["standings"][1]["trained"]["epochs"] == 5.5
