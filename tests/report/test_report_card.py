"""Model cards, and scores by group against a count by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.cli import app
from weftnet.data import open_data
from weftnet.errors import RunError, SettingError
from weftnet.library.fit import Fit
from weftnet.report.about import About, about_of
from weftnet.report.groups import FEW, group_figures, groups
from weftnet.report.subject import Subject
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.tasks._resampling import wilson
from weftnet.train import Recipe, fit


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two groups in a column that is left out; in one of them the labels are noise."""
    folder, rng = tmp_path_factory.mktemp("card"), np.random.default_rng(0)
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "y", "group", "age", "label"])
        for row in range(900):
            x, y = rng.normal(size=2)
            group = "rare" if row % 60 == 0 else "a|b" if row % 3 else ""
            noise = group == "a|b" and rng.random() < 0.5
            label = "yes" if (x > 0) != noise else "no"
            writer.writerow([round(x, 3), round(y, 3), group, 20 + row % 50, label])
    data = open_data(folder / "people.csv", target="label", kinds={"group": None, "age": None})
    network = Architecture.of(Chain((Block("dense", {"dim": 4}),)))
    recipe = Recipe(steps=60, lr=0.05)
    return fit(network, TASKS.get("classification").from_data(data), data, recipe, folder / "run").folder


@pytest.fixture(scope="module")
def subject(run: Path) -> Subject:
    loaded = load(run)
    source = run.parent / "people.csv"
    return Subject.of(loaded, open_data(source, state=loaded.run.json("data.json")), "test")


def test_scores_of_groups_are_those_counted_by_hand(subject: Subject) -> None:
    found = {each.name: each for each in groups(subject, "group")}
    assert subject.data is not None
    assert sum(each.n for each in found.values()) == subject.data.sizes["test"]
    rows = subject.data.rows("test").numpy()
    lines = list(csv.DictReader(Path(subject.data.source).read_text(encoding="utf-8").splitlines()))
    raw = [lines[row] for row in rows]
    answers = subject.loaded.predict({name: [float(each[name]) for each in raw] for name in ("x", "y")})
    for name, value in (("a|b", "a|b"), ("rare", "rare"), ("missing", "")):
        right = [a["label"] == each["label"] for a, each in zip(answers, raw, strict=True) if each["group"] == value]
        assert found[name].n == len(right)
        assert found[name].value == pytest.approx(np.mean(right))
        bounds = found[name].bounds
        assert bounds is not None
        assert (bounds.low, bounds.high) == pytest.approx(wilson(sum(right), len(right)))


def test_small_groups_and_the_widest_gap_are_said(subject: Subject) -> None:
    _, gap, few = group_figures(subject, "group")
    assert "best for “missing”" in str(gap)
    assert "worst for “a|b”" in str(gap)
    assert "don't overlap" in str(gap)
    assert f"Groups of fewer than {FEW} examples say little: “rare”" in str(few)


def test_numbers_are_divided_at_quartiles(subject: Subject) -> None:
    found = groups(subject, "age")
    assert len(found) == 4
    assert {each.name.split(" to ")[0] for each in found} >= {"20"}
    assert max(each.n for each in found) < 2 * min(each.n for each in found)


def test_another_metric_has_the_jackknife_s_interval(run: Path, subject: Subject) -> None:
    loaded = load(run)
    from weftnet.tasks._scoring import Scoring

    loaded.__dict__["scoring"] = Scoring(loaded.task, (), "macro_f1")
    found = groups(Subject(loaded, subject.data, "test"), "group")[0]
    assert found.bounds is not None
    assert found.bounds.method.startswith("jackknife")
    assert found.bounds.low < found.value < found.bounds.high


def test_a_column_that_is_not_there_is_an_error(subject: Subject) -> None:
    with pytest.raises(SettingError) as caught:
        groups(subject, "size")
    assert str(caught.value) == (
        "--by size: groups need a column of single values\n  expected: x, y, group, age, label\n  got: no such column"
    )
    with pytest.raises(SettingError, match="groups need rows with columns"):
        groups(Subject(subject.loaded, None, "test"), "size")


def test_hugging_face_reads_the_card(run: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="Hugging Face's own reader of cards")
    about = run.parent / "about.yaml"
    about.write_text("use: a test\nlicense: apache-2.0\nlimits: <b>none</b> known\n", encoding="utf-8")
    out = run.parent / "README.md"
    words = ["report", str(run), "--out", str(out), "--by", "group", "--about", str(about), "--set", "not_for=people"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    card = hub.ModelCard.load(out)
    assert card.data.license == "apache-2.0"
    assert card.data.library_name == "weftnet"
    (accuracy,) = [each for each in card.data.eval_results if each.metric_type == "accuracy"]
    assert accuracy.dataset_split == "test"
    assert 0.5 < accuracy.metric_value < 1
    for part in ("Meant for: a test", "Not for: people", "## Scores by group", "a\\|b", "say little", "&lt;b>none"):
        assert part in card.text
    assert "Nobody has said" not in card.text


def test_what_nobody_said_is_not_invented(run: Path, tmp_path: Path) -> None:
    text = Fit(run).report(tmp_path / "README.md").read_text(encoding="utf-8")
    assert "Nobody has said yet what it is for (--set use=…)." in text
    assert "license" not in text
    page = Fit(run).report(tmp_path / "r.html", by=["group"], about={"use": "a <test>"}).read_text(encoding="utf-8")
    assert ">Scores by group</h2>" in page
    assert ">Use and limits</h2>" in page
    assert "a &lt;test&gt;" in page


def test_a_readme_of_somebody_else_stays(run: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="is a file of somebody else's"):
        Fit(run).report(tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"


def test_what_is_said_is_checked(tmp_path: Path) -> None:
    (tmp_path / "about.yaml").write_text("use: [1, 2]", encoding="utf-8")
    with pytest.raises(SettingError, match="use") as caught:
        about_of(tmp_path / "about.yaml", {})
    assert "use, not_for, data, limits, license, contact, pipeline_tag" in caught.value.expected
    (tmp_path / "about.yaml").write_text("- use", encoding="utf-8")
    with pytest.raises(SettingError, match="no names and texts"):
        about_of(tmp_path / "about.yaml", {})
    (tmp_path / "about.yaml").write_text("a: [", encoding="utf-8")
    with pytest.raises(SettingError, match="is not valid YAML"):
        about_of(tmp_path / "about.yaml", {})
    with pytest.raises(SettingError):
        about_of(None, {"purpose": "x"})
    assert about_of(None, {"use": "x"}) == About(use="x")
