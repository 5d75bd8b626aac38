"""From a run to smaller runs: each loads from its folder alone, and the contract is kept."""

import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch
from compress_fakes import DIGITS_ATTENTION, DIGITS_CNN, DIGITS_LSTM, digits_run

from weftnet.architecture.spec import Architecture, Block
from weftnet.base.files import sha256
from weftnet.base.scores import Score
from weftnet.cli.commands.compress import CompressOptions, compress_command
from weftnet.compress import METHODS, Settings, trials
from weftnet.compress.compressing import compress
from weftnet.compress.contract import Compression, Goal, drop
from weftnet.compress.measure import Timing, size_of, timings
from weftnet.compress.quantise import quiet
from weftnet.compress.resources import NotApplicable, Resources
from weftnet.cost.cost import cost
from weftnet.data import open_data
from weftnet.data.data import Data
from weftnet.errors import DataError, RunError, SettingError, UnknownName, WeftnetError
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit


@pytest.fixture(scope="module")
def cnn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Data]:
    return digits_run(tmp_path_factory.mktemp("cnn") / "run", DIGITS_CNN)


@pytest.fixture(scope="module")
def lstm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loaded, Data]:
    return digits_run(tmp_path_factory.mktemp("lstm") / "run", DIGITS_LSTM)


def applied(name: str, loaded: Loaded, data: Data, folder: Path, seconds: float = 0.0, **setting: Any) -> Loaded:
    run = METHODS.get(name).apply(loaded, Resources(data, seconds), folder, **setting)
    assert isinstance(run, Run)
    return load(run)


def outputs(loaded: Loaded, data: Data, split: str = "test") -> torch.Tensor:
    return torch.cat([loaded.outputs(batch) for batch in data.batches(split, 100)])


@pytest.mark.parametrize("kind", ["cnn", "lstm"])
def test_a_pruned_run_is_really_smaller_and_loads_again(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    whole, data = request.getfixturevalue(kind)
    pruned = applied("prune", whole, data, tmp_path / "pruned", ratio=0.5)
    networks = [each.model["network"] for each in (pruned, whole)]
    few, many = (sum(p.numel() for p in network.parameters()) for network in networks)
    assert few < 0.45 * many
    assert cost(networks[0], 1).flops < 0.45 * cost(networks[1], 1).flops
    assert size_of(pruned) < 0.6 * size_of(whole)
    moved = shutil.copytree(tmp_path / "pruned", tmp_path / "elsewhere")
    assert torch.equal(outputs(load(moved), data), outputs(pruned, data))


def test_fine_tuning_restores_a_pruned_run(cnn: tuple[Loaded, Data], tmp_path: Path) -> None:
    whole, data = cnn
    cut = applied("prune", whole, data, tmp_path / "cut", ratio=0.5).metrics(data, "validation")["accuracy"]
    run = METHODS.get("prune").apply(whole, Resources(data, 1.5), tmp_path / "tuned", ratio=0.5)
    assert load(run).metrics(data, "validation")["accuracy"] > cut
    assert run.json("recipe.json")["budget"] == 1.5
    assert run.json("recipe.json")["lr"] == pytest.approx(0.3 * 5e-3)
    (step,) = run.document["compression"]["steps"]
    assert (step["method"], step["ratio"], step["trained_seconds"]) == ("prune", 0.5, 1.5)


def test_low_rank_says_its_ranks(cnn: tuple[Loaded, Data], tmp_path: Path) -> None:
    whole, data = cnn
    thin = applied("low_rank", whole, data, tmp_path / "thin", energy=0.5)
    (step,) = thin.run.document["compression"]["steps"]
    assert step["ranks"]
    assert size_of(thin) < size_of(whole)
    assert METHODS.get("low_rank").label(energy=0.5) == "low_rank-50"


def agree(small: Loaded, whole: Loaded, data: Data) -> None:
    """Nearly all labels are the same, from a file that is less than half as large."""
    same = outputs(small, data).argmax(1) == outputs(whole, data).argmax(1)
    assert same.double().mean() > 0.97
    assert size_of(small) < size_of(whole) / 2
    assert not (small.run.folder / "weights.safetensors").exists()
    assert torch.equal(outputs(load(small.run.folder), data), outputs(small, data))


def test_static_int8_agrees_on_nearly_all_labels(
    cnn: tuple[Loaded, Data], compressed: tuple[Compression, Path]
) -> None:
    agree(load(compressed[1] / "int8_static"), *cnn)


@pytest.mark.slow
def test_static_int8_calibrated_by_percentile(
    cnn: tuple[Loaded, Data], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agree(applied("int8_static", *cnn, tmp_path / "int8", calibration="percentile"), *cnn)
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_dynamic_int8_of_an_lstm_agrees_on_nearly_all_labels(lstm: tuple[Loaded, Data], tmp_path: Path) -> None:
    agree(applied("int8_dynamic", *lstm, tmp_path / "int8"), *lstm)


@pytest.mark.slow
def test_an_lstm_over_padded_words_keeps_its_answers(tmp_path: Path) -> None:
    words = ["good", "bad", "film", "very", "not", "at", "all", "plot"]
    texts = [" ".join(words[(i * k) % 8] for k in range(1, 3 + i % 9)) for i in range(200)]
    table = {"text": texts, "label": ["yes" if "good" in text else "no" for text in texts]}
    data = open_data(table, target="label", kinds={"text": "text"})
    task = TASKS.get("classification").from_data(data)
    from compress_fakes import architecture

    network = architecture("[{embedding: {dim: 12}}, {lstm: {dim: 16, bidirectional: true}}, global_average_pool1d]")
    whole = load(fit(network, task, data, Recipe(steps=40, lr=0.02, threads=1), tmp_path / "run", device="cpu"))
    small = applied("int8_dynamic", whole, data, tmp_path / "int8")
    exact, rough = outputs(whole, data), outputs(small, data)
    assert (exact - rough).abs().max() < 0.05 * exact.abs().max()  # gates that padding shuts would spoil every scale


def skipped(name: str, loaded: Loaded, data: Data, folder: Path, **setting: Any) -> str:
    entry = METHODS.get(name)
    result = entry.apply(loaded, Resources(data), folder, **(setting or entry.variants[0]))
    assert isinstance(result, NotApplicable)
    assert not folder.exists()
    return result.reason


def test_methods_state_where_they_do_not_apply(
    cnn: tuple[Loaded, Data], lstm: tuple[Loaded, Data], tmp_path: Path
) -> None:
    attention, data = digits_run(tmp_path / "attention", DIGITS_ATTENTION, steps=2)
    assert "no static int8 LSTM" in skipped("int8_static", *lstm, tmp_path / "a")
    assert "quantising the activations of every convolution" in skipped("int8_dynamic", *cnn, tmp_path / "b")
    assert "no layer's width can change" in skipped("prune", attention, data, tmp_path / "c")
    assert "no dense, convolutional" in skipped("low_rank", attention, data, tmp_path / "d", energy=1.0)


def timed(monkeypatch: pytest.MonkeyPatch, speedup: float) -> None:
    """Every candidate takes the run's time by `speedup`."""

    def fake(contenders: dict[str, Loaded], baseline: str, data: Data) -> dict[str, Timing]:
        del data
        ways = {name: 1.0 if name == baseline else speedup for name in contenders}
        return {name: Timing(1 / way, 1 / way, 1 / way, 1.0, way, way, way, way, 30) for name, way in ways.items()}

    monkeypatch.setattr(trials, "timings", fake)


@pytest.fixture(scope="module")
def compressed(cnn: tuple[Loaded, Data], tmp_path_factory: pytest.TempPathFactory) -> tuple[Compression, Path]:
    """Pruned, quantised, and both, without a clock: nothing is fine-tuned, and everything takes half the time."""
    folder, printed = tmp_path_factory.mktemp("out") / "compressed", StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(printed):
        timed(patch, 2.0)
        patch.setattr(METHODS.get("prune"), "variants", ({"ratio": 0.5},))
        result = compress(*cnn, folder, Goal(max_drop=100.0), Settings(("prune", "int8_static"), budget=0))
    assert printed.getvalue() == ""
    return result, folder


def test_what_is_kept_lies_in_the_folder_and_nothing_else(
    compressed: tuple[Compression, Path], cnn: tuple[Loaded, Data]
) -> None:
    result, folder = compressed
    whole, data = cnn
    kept = {row.name for row in result.rows if row.verdict == "kept"}
    assert {path.name for path in folder.iterdir()} == kept | {"compression.json"}
    assert result.chosen in kept
    document = json.loads((folder / "compression.json").read_text())
    assert [row["name"] for row in document["rows"]] == [row.name for row in result.rows]
    assert document["run"]["weights"] == sha256(whole.run.folder / "weights.safetensors")
    assert document["data"]["fingerprint"] == data.fingerprint
    assert document["sizes"] == {"train": 1259, "validation": 269, "test": 269}
    for row in result.rows:
        if row.verdict == "kept":
            loaded = load(folder / row.name)
            assert loaded.run.document["compression"]["from"] == document["run"]
            assert loaded.metrics(data, "validation")["accuracy"] == pytest.approx(row.score)
            assert row.drop == drop(Score("accuracy", "max", "share"), result.rows[0].score, row.score)
            assert row.bytes < size_of(whole)


def test_methods_follow_one_another(compressed: tuple[Compression, Path]) -> None:
    result, folder = compressed
    both = next(row.name for row in result.rows if row.name.startswith("prune-") and row.name.endswith("+int8_static"))
    assert [row.name for row in result.rows[:2]] == ["run", "onnx"]
    row = next(row for row in result.rows if row.name == both)
    if row.verdict == "kept":
        steps = load(folder / both).run.document["compression"]["steps"]
        assert [step["method"] for step in steps] == ["prune", "int8_static"]


def test_what_is_not_faster_is_not_written(
    cnn: tuple[Loaded, Data], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed(monkeypatch, 0.8)
    monkeypatch.setattr(METHODS.get("prune"), "variants", ({"ratio": 0.3}, {"ratio": 0.5}))
    result = compress(*cnn, tmp_path / "out", Goal(100.0), Settings(("prune",), 0.0))
    tried = [row for row in result.rows if row.verdict != "baseline"]
    assert tried
    assert all(row.verdict == "refused" and "not faster: 0.80 ×" in row.reason for row in tried)
    assert (result.chosen, result.why) == (None, "nothing is smaller and faster and within the drop")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["compression.json"]


def test_what_is_not_smaller_is_not_written(
    cnn: tuple[Loaded, Data], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed(monkeypatch, 2.0)
    monkeypatch.setattr(METHODS.get("prune"), "variants", ({"ratio": 0.5},))
    monkeypatch.setattr(trials, "size_of", lambda loaded: 1000)
    result = compress(*cnn, tmp_path / "out", Goal(100.0), Settings(("prune",), 0.0))
    assert {row.verdict for row in result.rows} == {"baseline", "refused"}
    assert "not smaller: 1000 B against 1000 B" in result.rows[-1].reason


def test_a_method_that_fails_is_a_line_of_the_table(
    cnn: tuple[Loaded, Data], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RunError("no room", where="disk")

    monkeypatch.setattr(METHODS.get("prune"), "apply", staticmethod(fail))
    result = compress(*cnn, tmp_path / "out", Goal(), Settings(("prune",), 0.0))
    assert [(row.name, row.verdict, row.reason) for row in result.rows[1:]] == [
        ("prune-50", "not applicable", "failed: no room")
    ]


def test_what_onnx_runtime_can_not_do_is_an_error_of_ours() -> None:
    with pytest.raises(WeftnetError, match="ONNX Runtime can't quantise this network: no such operator"), quiet():
        raise ValueError("no such operator\nat line 3")


def test_times_are_measured_in_turn_and_reported_as_ratios(cnn: tuple[Loaded, Data]) -> None:
    whole, data = cnn
    measured = timings({"run": whole, "same": whole}, "run", data, rounds=4)
    assert measured["run"].speedup == measured["run"].speedup_low == measured["run"].batch_speedup == 1.0
    assert measured["same"].low <= measured["same"].latency <= measured["same"].high
    assert measured["same"].rounds == 4


def test_reasons_not_to_compress(
    cnn: tuple[Loaded, Data], compressed: tuple[Compression, Path], tmp_path: Path
) -> None:
    whole, data = cnn
    small = replace(whole, run=Run(tmp_path, whole.run.document | {"engine": {"name": "onnx", "file": "model.onnx"}}))
    with pytest.raises(RunError, match="the engine of this run is ONNX Runtime"):
        compress(small, data, tmp_path / "a")
    with pytest.raises(RunError, match="the folder is not empty"):
        compress(whole, data, compressed[1])
    with pytest.raises(DataError, match="not the data the run was trained on"):
        compress(whole, open_data({"x": torch.zeros(9, 1, 8, 8).numpy(), "y": [0, 1, 2] * 3}), tmp_path / "b")
    with pytest.raises(UnknownName, match="no compression method is called 'prun'"):
        compress(whole, data, tmp_path / "c", settings=Settings(("prun",)))
    with pytest.raises(SettingError, match="budget must be at least 0 seconds"):
        Settings(budget=-1.0)
    unjudged = type("Unjudged", (), {"fingerprint": data.fingerprint, "sizes": {"train": 9}, "source": "here"})()
    with pytest.raises(DataError, match="no validation split"):
        compress(whole, unjudged, tmp_path / "e")
    assert not any((tmp_path / name).exists() for name in "abce")


def test_a_run_of_several_networks_is_not_compressed(tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("variational_autoencoder").from_data(data)
    from weftnet.zoo import ZOO

    architecture = ZOO.get("vae_dense")()
    whole = load(fit(architecture, task, data, Recipe(steps=1), tmp_path / "run", device="cpu"))
    with pytest.raises(RunError, match="because it has several networks, encoder and decoder"):
        compress(whole, data, tmp_path / "out")


def test_data_need_no_test_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    timed(monkeypatch, 2.0)
    monkeypatch.setattr(METHODS.get("prune"), "variants", ({"ratio": 0.5},))
    monkeypatch.setattr(trials, "write_onnx", lambda *_: NotApplicable("another test writes it"))
    data = open_data("digits", splits={"train": 0.8, "validation": 0.2})
    task = TASKS.get("classification").from_data(data)
    architecture = Architecture.of([Block("flatten"), Block("dense", {"dim": 16}), Block("relu")])
    whole = load(fit(architecture, task, data, Recipe(steps=1), tmp_path / "run", device="cpu"))
    done = compress(whole, data, tmp_path / "out", goal=Goal(max_drop=100.0), settings=Settings(("prune",), budget=0))
    assert done.chosen == "prune-50"
    assert list(load(tmp_path / "out" / "prune-50").run.facts.scores) == ["validation"]


def test_the_command_prints_the_table(
    cnn: tuple[Loaded, Data], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    timed(monkeypatch, 2.0)
    monkeypatch.setattr(METHODS.get("prune"), "variants", ({"ratio": 0.5},))
    monkeypatch.setattr(trials, "write_onnx", lambda *_: NotApplicable("another test writes it"))
    folder = cnn[0].run.folder
    options = CompressOptions(methods=("prune", "int8_dynamic"), budget=0, out=tmp_path / "out", max_drop=100.0)
    result = compress_command(folder, options)
    printed = capsys.readouterr().out
    assert result.chosen == "prune-50"
    assert "int8_dynamic: quantising the activations" in printed
    assert f"chosen  {tmp_path / 'out' / 'prune-50'}" in printed
    again = compress_command(
        folder, replace(options, replace=True, target_latency=1e-9, methods=("prune",), max_drop=100.0)
    )
    assert (again.chosen, "none reaches" in again.why) == (None, True)


def test_the_command_refuses_what_it_would_spoil(cnn: tuple[Loaded, Data], tmp_path: Path) -> None:
    folder = cnn[0].run.folder
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(RunError, match="something other than a compression"):
        compress_command(folder, CompressOptions(out=tmp_path, replace=True))
    assert (tmp_path / "mine.txt").read_text() == "kept"
    moved = Path(shutil.copytree(folder, tmp_path / "moved"))
    run = Run.open(moved)
    state = run.json("data.json") | {"source": "gone.csv"}
    (moved / "data.json").write_text(json.dumps(state))
    run.sign("data.json")
    with pytest.raises(DataError, match=r"no such file(.|\n)*name their place with --data"):
        compress_command(moved, CompressOptions(out=tmp_path / "out"))
