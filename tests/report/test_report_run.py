"""The report of a run: its figures against other libraries, its sections, and escaping."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.cli.commands.report import report_command
from weftnet.compose import Network
from weftnet.cost.cost import cost
from weftnet.data import open_data
from weftnet.errors import DataError
from weftnet.execution.latency import latency
from weftnet.report import write_run
from weftnet.report.competition import processor
from weftnet.report.heat_map import heat_map
from weftnet.report.plots import MAX_POINTS, histogram, scatter
from weftnet.report.subject import Subject
from weftnet.report.timing import block_times
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.tasks._judgement import Judgement
from weftnet.tasks._scoring import Scoring
from weftnet.train import Recipe, fit

FIXTURES = Path(__file__).parents[1] / "fixtures" / "run_format_1"


@pytest.fixture(scope="module")
def digits() -> Subject:
    return Subject(load(FIXTURES / "digits"), open_data("digits"), "test")


@pytest.fixture(scope="module")
def flats() -> Subject:
    loaded = load(FIXTURES / "table")
    return Subject(loaded, open_data(FIXTURES / "people.csv", state=loaded.run.json("data.json")), "test")


def test_the_judgement_agrees_with_the_task(digits: Subject, flats: Subject) -> None:
    for subject, score in ((digits, "accuracy"), (flats, "rmse")):
        interval, trivial = subject.judgement.interval, subject.judgement.baseline
        assert interval is not None
        assert interval.low < subject.metrics[score] < interval.high
        assert trivial is not None
        assert trivial.what.startswith("always")
    assert Subject(flats.loaded, None, "test").judgement == Judgement()


def test_an_interval_says_of_what_it_is_where_another_metric_decides(digits: Subject, tmp_path: Path) -> None:
    loaded = load(FIXTURES / "digits")
    loaded.__dict__["scoring"] = Scoring(loaded.task, (), "macro_f1")
    text = write_run(loaded, digits.data, tmp_path / "r.html", explained=False).read_text(encoding="utf-8")
    assert ">macro_f1</button>" in text
    assert "269 test examples" in text
    assert re.search(">95 % interval</button>[^.]* of the accuracy", text)
    assert re.search(">Baseline</button> .* of the accuracy: ", text)


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
    assert ">network</h3>" not in text, "it is the only part"
    assert re.search(r"<summary[^>]*>as YAML, with the task&#x27;s head</summary><pre>(inputs|chain)", text)
    assert text.count("<script") == 1
    assert not re.search(r"https?://(?!www\.w3\.org)[^ <]*['\"]|src='(?!data:)", text)
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


def test_a_model_of_several_parts(tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("variational_autoencoder").from_data(data, latent=2)
    parts = {
        "encoder": Chain((Block("flatten"), Block("dense", {"dim": 8}))),
        "decoder": Chain((Block("dense", {"dim": 8}),)),
    }
    run = fit(Architecture(parts), task, data, Recipe.for_task(task, steps=2), tmp_path / "run")
    loaded = load(run)
    text = write_run(loaded, data, tmp_path / "r.html").read_text(encoding="utf-8")
    assert "elbo" in text
    assert "<h3>encoder</h3>" in text
    assert "<h3>decoder</h3>" in text
    assert ">Reconstructions</h2>" in text
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


def test_a_machine_that_does_not_name_its_processor_is_named_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_file", lambda path: False)
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert processor().startswith("riscv64, ")
    monkeypatch.setattr("platform.processor", lambda: "A Chip")
    assert processor().startswith("A Chip, ")
