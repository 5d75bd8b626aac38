"""`weftnet.fit`, and all that can be asked of what it gives: the same as the command line says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf
from typer.testing import CliRunner

import weftnet as wn
from weftnet.cli import app
from weftnet.errors import DataError, RunError, SettingError
from weftnet.library.shown import Shown

RANDOM = np.random.default_rng(1)
Y = np.arange(90) % 3
TABLE = pd.DataFrame(RANDOM.normal(size=(90, 3)) + Y[:, None], columns=list("abc"))
TABLE["k"] = np.array(["low", "middle", "high"])[Y]
RECIPE = {"plan": "eager"}
QUICK: dict[str, Any] = {"steps": 12, "recipe": RECIPE, "progress": False}


@pytest.fixture(scope="module")
def fit(tmp_path_factory: pytest.TempPathFactory) -> wn.Fit:
    return wn.fit(TABLE, ("mlp", "linear"), target="k", out=tmp_path_factory.mktemp("fit") / "table", **QUICK)


def test_the_leaderboard_is_a_frame(fit: wn.Fit) -> None:
    board = fit.leaderboard
    assert set(board["network"]) == {"mlp", "linear"}
    assert board["validation loss"].is_monotonic_increasing or board["validation accuracy"].is_monotonic_decreasing
    assert fit.run.folder.name == f"{board['network'][0]}-seed0"


def test_it_is_the_command_line_s_run(fit: wn.Fit, tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "table.csv", index=False)
    said = CliRunner().invoke(app, ["evaluate", str(fit.folder), str(tmp_path / "table.csv"), "--json"])
    told = fit.evaluate(str(tmp_path / "table.csv"))
    assert json.loads(said.output)["metrics"] == pytest.approx(dict(told))
    assert json.loads(said.output)["classes"].keys() == told.tables["classes"].keys()
    assert dict(fit.evaluate(TABLE[:60])) != dict(told)
    said = CliRunner().invoke(app, ["predict", str(fit.folder), str(tmp_path / "table.csv")])
    assert [line.split(",")[1] for line in said.output.splitlines()[1:]] == [
        each["label"] for each in fit.predict(TABLE)
    ]


def test_answers_of_whatever_form_are_the_same(fit: wn.Fit) -> None:
    answers = fit.predict(TABLE)
    first = answers[0]["probabilities"]
    row = {name: TABLE[name][0] for name in "abc"}
    for form in (row, {name: [value] for name, value in row.items()}, [row], TABLE[:1]):
        (answer,) = fit.predict(form)
        assert answer["probabilities"] == pytest.approx(first, abs=1e-6)
    frame = answers.frame()
    assert frame.index.name == "row"
    assert frame["p_low"].iloc[0] == first["low"]
    with pytest.raises(DataError, match="did you mean"):
        fit.predict({"A": 1.0})


def test_loaded_again_it_answers_alike(fit: wn.Fit) -> None:
    again = wn.load(fit.folder, TABLE)
    assert again.evaluate() == fit.evaluate()
    assert again.predict(TABLE) == fit.predict(TABLE)
    assert wn.load(fit.run.folder).run.folder == fit.run.folder
    with pytest.raises(RunError, match="single run"):
        _ = wn.load(fit.run.folder).leaderboard
    with pytest.raises(DataError):
        wn.load(fit.folder).evaluate()  # its data were in memory


def test_explanations_report_and_drawing(fit: wn.Fit, tmp_path: Path) -> None:
    explained = fit.explain(rows=[int(fit.data.rows("test")[0]) + 1])
    assert len(explained) == 1
    assert {piece.name for piece in explained[0].strongest(3)} == set("abc")
    assert fit.explain(TABLE[:2])[1].answer == fit.predict(TABLE[:2])[1]
    report = fit.report(tmp_path / "report.html")
    assert "accuracy" in report.read_text(encoding="utf-8")
    assert fit.draw(tmp_path / "net.svg").svg == (tmp_path / "net.svg").read_text(encoding="utf-8")


@pytest.mark.slow
def test_compressed_exported_and_served(fit: wn.Fit, tmp_path: Path) -> None:
    import urllib.request

    exported = fit.export(out=tmp_path / "onnx", data=TABLE)
    assert (exported.folder / "runner").is_dir()
    compressed = fit.compress(methods=["int8_dynamic"], budget=0, max_drop=100, out=tmp_path / "small")
    assert {row.verdict for row in compressed.result.rows} >= {"baseline"}
    with fit.serve(name="table") as server:
        body = json.dumps({"rows": [{name: float(TABLE[name][0]) for name in "abc"}]}).encode()
        asked = urllib.request.Request(
            f"{server.url}v1/models/table/predict", body, {"Content-Type": "application/json"}
        )
        answer = json.load(urllib.request.urlopen(asked))["answers"][0]
        assert answer["label"] == fit.predict(TABLE[:1])[0]["label"]
        process = server.process
    assert process.poll() is not None


def test_networks_of_every_form_are_the_same(tmp_path: Path) -> None:
    blocks = [{"dense": {"dim": 6}}, "relu"]
    plain = {"parts": {"network": blocks}}
    (tmp_path / "net.yaml").write_text(json.dumps(plain), encoding="utf-8")
    forms = [blocks, plain, OmegaConf.create(plain), OmegaConf.create(blocks), tmp_path / "net.yaml"]
    weights = set()
    for number, form in enumerate([*forms, wn.load_architecture(tmp_path / "net.yaml")]):
        made = wn.fit(TABLE, form, target="k", out=tmp_path / str(number), **QUICK)
        weights.add(made.run.checksum)
    assert len(weights) == 1


def test_options_are_those_of_the_command_line(tmp_path: Path) -> None:
    data = wn.open_data(TABLE, target="k", splits={"train": 0.8, "validation": 0.2})
    made = wn.fit(data, "linear", score="macro_f1", seeds=2, out=tmp_path / "a", **QUICK)
    assert made.leaderboard["network"].tolist() == ["linear"]
    assert len(made.competition.outcomes) == 2  # type: ignore[union-attr]  # it is one
    with pytest.raises(SettingError, match="recipe="):
        wn.fit(TABLE, "mlp", lr=0.1)  # type: ignore[call-arg]  # what is refused
    with pytest.raises(SettingError, match="did you mean 'budget'"):
        wn.fit(TABLE, "mlp", budgets="1s")  # type: ignore[call-arg]  # what is refused
    with pytest.raises(SettingError, match="opened already"):
        wn.fit(data, "mlp", target="k", **QUICK)
    with pytest.raises(SettingError, match="no network"):
        wn.fit(TABLE, 3, target="k", **QUICK)
    with pytest.raises(SettingError, match="not a duration"):
        wn.fit(TABLE, "mlp", target="k", budget="soon")


def test_folds_of_data_in_memory(tmp_path: Path) -> None:
    made = wn.fit(TABLE, "linear", target="k", folds=2, out=tmp_path / "a", **QUICK)
    assert made.evaluate().keys() >= {"accuracy"}
    assert made.leaderboard["network"].tolist() == ["linear"]


def test_a_training_starts_from_a_fit(fit: wn.Fit, tmp_path: Path) -> None:
    made = wn.fit(TABLE, target="k", start=fit, out=tmp_path / "a", baselines=False, **QUICK)
    assert made.run.facts.start is not None


def test_check_draw_and_compare(fit: wn.Fit) -> None:
    assert wn.check("mlp", TABLE, target="k")
    wrong = wn.check([{"conv2d": {"channels": 3}}], inputs={"vector": "vector:4"})
    assert not wrong
    assert "conv2d" in repr(wrong)
    assert "<svg" in wn.draw("mlp", TABLE, target="k").svg
    compared = wn.compare([fit])
    assert set(compared.frame()["network"]) == {"mlp", "linear"}
    assert "lead" in repr(compared)


def test_what_is_shown_is_told_of_everything(tmp_path: Path) -> None:
    class Told(Shown):
        def __init__(self) -> None:
            self.names: list[str] = []

        def planned(self, plan: Any) -> None:
            self.names += [each.name for each in plan.entries.candidates]

        def ended(self, result: Any, report: Path, data: Any) -> None:
            self.names.append(report.name)

    told = Told()
    wn.fit(TABLE, "linear", target="k", out=tmp_path / "a", **{**QUICK, "progress": told})
    assert told.names == ["linear", "report.html"]
