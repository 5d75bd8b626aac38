"""The report of a run: its figures against other libraries, its sections, and escaping."""

import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from torchmetrics.functional.classification import multiclass_calibration_error

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.cli.commands.report import report_command
from weftnet.compose import Network
from weftnet.cost.cost import cost
from weftnet.data import open_data
from weftnet.errors import DataError
from weftnet.execution.latency import latency
from weftnet.report import write_run
from weftnet.report.baseline import baseline
from weftnet.report.calibration import calibration
from weftnet.report.heat_map import heat_map
from weftnet.report.judged import bootstrapped_rmse, by_class, confusion, judge, wilson
from weftnet.report.plots import MAX_POINTS, histogram, scatter
from weftnet.report.subject import Subject
from weftnet.report.timing import block_times
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

FIXTURES = Path(__file__).parents[1] / "fixtures" / "run_format_1"


@pytest.fixture(scope="module")
def digits() -> Subject:
    return Subject(load(FIXTURES / "digits"), open_data("digits"), "test")


@pytest.fixture(scope="module")
def flats() -> Subject:
    loaded = load(FIXTURES / "table")
    return Subject(loaded, open_data(FIXTURES / "people.csv", state=loaded.run.json("data.json")), "test")


@pytest.mark.parametrize(("right", "n"), [(0, 5), (5, 5), (17, 40), (1, 1), (960, 1000)])
def test_wilsons_interval(right: int, n: int) -> None:
    wanted = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson(right, n) == pytest.approx((wanted.low, wanted.high), abs=1e-6)


def test_the_bootstraps_interval() -> None:
    squares = np.random.default_rng(3).normal(2, 1, 400) ** 2
    wanted = stats.bootstrap(
        (squares,), lambda x, axis: np.sqrt(x.mean(axis)), method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    low, high = bootstrapped_rmse(squares)
    assert low == pytest.approx(wanted.low, rel=0.01)
    assert high == pytest.approx(wanted.high, rel=0.01)


def test_judged_agrees_with_the_task(digits: Subject, flats: Subject) -> None:
    judged = digits.judged
    assert judged is not None
    assert (judged.truth == judged.answer).mean() == pytest.approx(digits.metrics["accuracy"])
    assert judged.loss.mean() == pytest.approx(digits.metrics["loss"], rel=1e-6)
    assert np.array_equal(judged.rows, digits.data.rows("test").numpy())  # type: ignore[union-attr]
    worst = judged.worst(5)
    assert all(judged.truth[place] != judged.answer[place] for place in worst)
    assert worst == sorted(worst, key=lambda place: -judged.loss[place])
    other = flats.judged
    assert other is not None
    assert math.sqrt(other.loss.mean()) == pytest.approx(flats.metrics["rmse"], rel=1e-6)
    assert np.abs(other.answer - other.truth).mean() == pytest.approx(flats.metrics["mae"], rel=1e-6)


def test_confusion_and_classes_against_scikit_learn(digits: Subject) -> None:
    judged = digits.judged
    assert judged is not None
    counts = confusion(judged, 10)
    assert np.array_equal(counts, confusion_matrix(judged.truth, judged.answer, labels=range(10)))
    rows = by_class(counts, digits.labels)
    wanted = precision_recall_fscore_support(judged.truth, judged.answer, labels=range(10), zero_division=np.nan)
    assert [each.precision for each in rows] == pytest.approx(wanted[0].tolist(), nan_ok=True)
    assert [each.recall for each in rows] == pytest.approx(wanted[1].tolist(), nan_ok=True)
    assert [each.f1 for each in rows] == pytest.approx(wanted[2].tolist(), nan_ok=True)
    assert [each.count for each in rows] == wanted[3].tolist()


def test_a_class_that_never_comes_up_has_no_scores() -> None:
    scores = by_class(np.array([[3, 0], [0, 0]]), ["a", "b"])
    assert (scores[0].precision, scores[0].recall) == (1.0, 1.0)
    assert all(math.isnan(value) for value in (scores[1].precision, scores[1].recall, scores[1].f1))


def test_calibration_against_torchmetrics() -> None:
    drawn = torch.Generator().manual_seed(2)
    p = (3 * torch.randn(500, 7, generator=drawn, dtype=torch.float64)).softmax(1)
    truth = torch.where(torch.rand(500, generator=drawn) < 0.6, p.argmax(1), torch.randint(7, (500,), generator=drawn))
    sure, answer = p.max(1)
    result = calibration(sure.numpy(), (answer == truth).numpy())
    assert result.ece == pytest.approx(float(multiclass_calibration_error(p, truth, 7, n_bins=15)), abs=1e-6)
    assert sum(count for *_, count in result.bins) == 500


def test_baselines_by_hand(digits: Subject, flats: Subject) -> None:
    source = np.load(Path(open_data.__code__.co_filename).parent / "digits.npz")["y"]
    train, test = (source[digits.data.rows(part).numpy()] for part in ("train", "test"))  # type: ignore[union-attr]
    common = np.bincount(train).argmax()
    trivial = baseline(digits)
    assert trivial is not None
    assert trivial.score == pytest.approx((test == common).mean())
    assert trivial.what == f"always “{common}”"
    other, judged = baseline(flats), flats.judged
    assert other is not None and judged is not None  # noqa: PT018
    mean = flats.loaded.run.document["task"]["settings"]["mean"]
    assert other.score == pytest.approx(np.sqrt(np.mean((judged.truth - mean) ** 2)))
    assert baseline(Subject(flats.loaded, None, "test")) is None


def test_time_is_measured_block_by_block(digits: Subject) -> None:
    network = digits.loaded.model["network"]
    assert isinstance(network, Network)
    paths = [row.path for row in cost(network, 1).rows]
    inputs, masks = digits.inputs("network", 4)
    times = block_times(network, paths, inputs, masks)
    assert set(times) == {*paths, ""}
    assert 0 < sum(times[path] for path in paths) <= 2 * times[""]
    assert latency(network, inputs, masks) > 0
    assert not any(module._forward_hooks for module in network.modules())  # the hooks are gone


@pytest.mark.parametrize("count", [2, 10, 20, 50])
def test_heat_maps_of_any_size(count: int) -> None:
    labels = [f"class {k} <b>" for k in range(count)]
    counts = np.random.default_rng(0).integers(0, 9, (count, count)).tolist()
    svg = heat_map(labels, counts)
    assert svg.count("<title>") == count**2
    assert "<b>" not in svg
    _well_formed(svg)


def test_scatter_plots_are_thinned_and_constant_values_drawn() -> None:
    many = np.linspace(0, 1, 10 * MAX_POINTS)
    assert scatter(many, many, "a", "b").count("<circle") <= 1.1 * MAX_POINTS
    assert "<rect" in histogram(np.zeros(5), "x")


def test_its_sections(digits: Subject, tmp_path: Path) -> None:
    text = write_run(digits.loaded, digits.data, tmp_path / "r.html").read_text(encoding="utf-8")
    assert f"{100 * digits.metrics['accuracy']:.2f} %" in text
    for title in ("Errors", "Confidence", "Worst mistakes", "Network", "Training", "Data", "Provenance"):
        assert f">{title}</h2>" in text
    assert digits.loaded.run.document["files"]["weights.safetensors"] in text
    assert "data:image/png;base64," in text
    assert not re.search(r"<script|https?://(?!www\.w3\.org)[^ <]*['\"]|src='(?!data:)", text)
    _well_formed(text)


def test_labels_and_texts_are_escaped(tmp_path: Path) -> None:
    names = ["<script>alert(1)</script>", "b&b' onload='x"]
    rows = {"<i>text": [f"<img src=x onerror=alert({k})> is said here {k % 3}" for k in range(60)], "y": names * 30}
    data = open_data(rows, target="y", kinds={"<i>text": "text"})
    task = TASKS.get("classification").from_data(data)
    chain = Chain((Block("embedding", {"dim": 4}), Block("global_average_pool1d")))
    run = fit(Architecture.of(chain), task, data, Recipe(steps=2), tmp_path / "<b>run")
    text = write_run(load(run), data, tmp_path / "r.html").read_text(encoding="utf-8")
    assert names[0] not in text
    assert "&lt;script&gt;" in text
    assert "<img src=x" not in text
    assert "<i>" not in text
    assert "<b>run" not in text
    assert " onload='x" not in re.sub(r"&#x27; onload=&#x27;x", "", text)


def test_without_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    path = report_command(FIXTURES / "table", None, None, tmp_path / "r.html")
    text = path.read_text(encoding="utf-8")
    assert "The data are not available (there is no such file or folder)" in text
    assert "Name them with --data" in capsys.readouterr().out
    assert "Worst mistakes" not in text
    assert ">Network</h2>" in text
    with pytest.raises(DataError, match="no such file"):
        report_command(FIXTURES / "table", "nowhere.csv", None, tmp_path / "r.html")


def test_other_tasks_are_not_judged(tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("variational_autoencoder").from_data(data, latent=2)
    parts = {
        "encoder": Chain((Block("flatten"), Block("dense", {"dim": 8}))),
        "decoder": Chain((Block("dense", {"dim": 8}),)),
    }
    run = fit(Architecture(parts), task, data, Recipe.for_task(task, steps=2), tmp_path / "run")
    loaded = load(run)
    assert judge(loaded, data.batches("test", 64)) is None
    text = write_run(loaded, data, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "elbo" in text
    assert "<h3>encoder</h3>" in text
    _well_formed(text)


class _Balance(HTMLParser):
    """Every element that is opened is closed, in order."""

    VOID = frozenset({"meta", "img", "br", "rect", "circle", "line", "polyline", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag


def _well_formed(text: str) -> None:
    parser = _Balance()
    parser.feed(text)
    assert parser.open == []
