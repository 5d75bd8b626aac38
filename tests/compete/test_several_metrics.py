"""Several metrics in a competition, one of which is chosen to rank; and a run that is resumed takes its place."""

import json
from pathlib import Path

import pytest

from weftnet.base.scores import Score
from weftnet.cli.commands import fit
from weftnet.cli.commands.training import resume_command
from weftnet.compete import competition as compete
from weftnet.compete import entering
from weftnet.compete.compare import compare
from weftnet.compete.jobs import Outcome
from weftnet.compete.rejoin import rejoined
from weftnet.errors import SettingError, UnknownName
from weftnet.run.folder import Run

SCORES = (Score("gain", "max", "share"), Score("loss", "min"))
KNOWN = {name: {"parameters": 1, "flops": 2, "latency": 0.1, "why": ""} for name in "ab"}


def outcome(name: str, seed: int, gain: float, loss: float) -> Outcome:
    metrics = {"gain": gain, "loss": loss}
    return Outcome(name, seed, f"{name}-seed{seed}", "finished", metrics, {"gain": 0.5}, 2.0, 10)


def test_the_chosen_metric_ranks_and_the_others_are_shown() -> None:
    outcomes = [outcome("a", 0, 0.9, 3.0), outcome("a", 1, 0.8, 2.0), outcome("b", 0, 0.7, 1.0)]
    by_gain = compete.competition_of(Path("x"), ("data", "task"), SCORES, KNOWN, outcomes)
    by_loss = compete.competition_of(Path("x"), ("data", "task"), SCORES[::-1], KNOWN, outcomes)
    assert [each.name for each in by_gain.standings] == ["a", "b"]
    assert [each.name for each in by_loss.standings] == ["b", "a"]
    assert by_loss.best == Path("x/b-seed0")
    first = by_gain.standings[0]
    assert first.metrics["validation"]["loss"].mean == 2.5
    assert first.text("validation", SCORES[1]).startswith("2.5000 ± ")
    assert (first.text("test", SCORES[0]), first.text("test", SCORES[1])) == ("50.00 ± 0.00", "–")
    document = json.loads(json.dumps(by_gain.document()))
    assert [each["name"] for each in document["metrics"]] == ["gain", "loss"]


def options(folder: Path, **recipe: object) -> entering.FitOptions:
    (arch := folder / "own.yaml").write_text("[flatten, {dense: {dim: 12}}, relu]")
    return entering.FitOptions("digits", archs=[str(arch)], recipe={"steps": 4, **recipe}, jobs=1, out=folder / "out")


def test_metrics_and_score_of_a_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = fit.fit_command(options(tmp_path, metrics=["macro_f1"], score="cross_entropy"))
    assert result is not None
    assert [score.name for score in result.scores] == ["cross_entropy", "accuracy", "macro_f1"]
    assert result.score.better == "min"
    assert "macro_f1" in capsys.readouterr().out
    assert "macro_f1 %, test" in (result.folder / "report.html").read_text()
    (run,) = [Run.open(result.folder / each.folder) for each in result.outcomes]
    assert run.facts.scores is not None
    assert result.standings[0].metrics["test"]["macro_f1"].mean == run.facts.scores["test"]["macro_f1"]
    assert compare([result.folder]).score.name == "cross_entropy"
    assert compare([result.folder], "macro_f1").score.name == "macro_f1"
    with pytest.raises(UnknownName):
        compare([result.folder], "acuracy")


def test_a_metric_that_cannot_decide_is_refused_before_training(tmp_path: Path) -> None:
    with pytest.raises((UnknownName, SettingError)):
        fit.fit_command(options(tmp_path, score="acuracy"))
    assert not (tmp_path / "out").exists()


def test_a_resumed_run_takes_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = fit.fit_command(options(tmp_path))
    assert whole is not None
    folder = whole.folder
    told = json.loads((folder / compete.FILE).read_text())
    cut = [{**each, "status": "stopped", "validation": {}, "test": {}} for each in told["outcomes"]]
    (folder / compete.FILE).write_text(json.dumps({**told, "outcomes": cut, "standings": [], "best": None}))
    result = rejoined(folder)
    assert result is not None
    assert result.document() == {**told, "candidates": {**told["candidates"]}}
    assert rejoined(tmp_path) is None
    capsys.readouterr()
    run = folder / told["outcomes"][0]["folder"]
    document = json.loads((run / "run.json").read_text())
    document["scores"] = None  # as if it had ended just before its evaluation
    (run / "run.json").write_text(json.dumps(document))
    resume_command(run, None)
    assert json.loads((folder / compete.FILE).read_text())["best"] == run.name
    assert "own" in capsys.readouterr().out
