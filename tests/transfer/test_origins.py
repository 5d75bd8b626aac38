"""What a training is told to start from: files, folders, names of libraries become runs."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from published import checkpoint, photos
from typer.testing import CliRunner

from weftnet.base.files import read_json
from weftnet.cli import app
from weftnet.compete.starting import batch_of
from weftnet.errors import MissingExtra, RunError, SettingError
from weftnet.run.folder import Run
from weftnet.transfer.libraries import digest, fetched, is_named
from weftnet.transfer.origins import is_published, run_of


class Net(torch.nn.Module):
    """A network whose state dict is that of a checkpoint."""

    def __init__(self, file: Path, **more: Any) -> None:
        super().__init__()
        self.file = file
        for name, value in more.items():
            setattr(self, name, value)

    def state_dict(self, *_: Any, **__: Any) -> Any:
        return torch.load(self.file, weights_only=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(checkpoint(tmp_path / "net.pth"))


@pytest.mark.slow
def test_weights_are_imported_once(tmp_path: Path, file: Path) -> None:
    first = run_of(file, tmp_path / "runs")
    assert first.parent == tmp_path / "runs"
    assert first.name.startswith("net-")
    before = (first / "run.json").stat().st_mtime_ns
    assert run_of(file, tmp_path / "runs") == first
    assert (first / "run.json").stat().st_mtime_ns == before
    checkpoint(file, classes=4)
    assert run_of(file, tmp_path / "runs") != first
    Run.open(first).record(origin=None)
    checkpoint(file)
    assert not is_published(first)
    assert is_published(file)


def test_another_run_of_that_name_stays(tmp_path: Path, file: Path) -> None:
    first = run_of(file, tmp_path)
    Run.open(first).record(origin=None)
    with pytest.raises(RunError, match="is another run"):
        run_of(file, tmp_path)


def test_names_of_libraries() -> None:
    assert is_named("timm:resnet18")
    assert is_named("hf:org/name")
    assert not is_named("timm:")
    assert not is_named("runs/timm")
    assert not is_named("other:name")


@pytest.mark.slow
def test_timm(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25), "input_size": (3, 40, 48), "crop_pct": 0.9,
              "interpolation": "bilinear"}  # fmt: skip
    fake: Any = ModuleType("timm")
    fake.create_model = lambda name, pretrained: Net(file, pretrained_cfg=config) if pretrained else None
    monkeypatch.setitem(sys.modules, "timm", fake)
    run = Run.open(run_of("timm:lite", tmp_path / "runs"))
    assert run.folder.name.startswith("timm-lite-")
    column = run.json("data.json")["preprocessing"]["columns"]["image"]
    assert (column["sizes"], column["shift"], column["scale"]) == ([3, 40, 48], [127.5] * 3, [63.75] * 3)
    assert (column["keep"], column["interpolation"]) == (0.9, "bilinear")
    assert run.facts.origin is not None
    assert run.facts.origin.files == {"timm:lite": digest(torch.load(file, weights_only=True))}


def test_torchvision(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how = SimpleNamespace(
        crop_size=[32], resize_size=[40], mean=[0.4, 0.5, 0.6], std=[0.2, 0.2, 0.2],
        interpolation=SimpleNamespace(value="bicubic"),
    )  # fmt: skip
    default = SimpleNamespace(meta={"categories": ["ant", "bee", "cow"]}, transforms=lambda: how)
    models: Any = ModuleType("torchvision.models")
    models.get_model_weights = lambda name: SimpleNamespace(DEFAULT=default)
    models.get_model = lambda name, weights: Net(file) if weights is default else None
    package: Any = ModuleType("torchvision")
    package.models = models
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    run = Run.open(run_of("torchvision:lite", tmp_path / "runs"))
    column = run.json("data.json")["preprocessing"]["columns"]["image"]
    assert (column["sizes"], column["keep"], column["interpolation"]) == ([3, 32, 32], 0.8, "bicubic")
    assert run.facts.task.settings["labels"] == ["ant", "bee", "cow"]


@pytest.mark.slow
def test_the_hub(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "snapshot"
    folder.mkdir()
    file.rename(folder / "pytorch_model.bin")
    hub: Any = ModuleType("huggingface_hub")
    hub.snapshot_download = lambda name, allow_patterns: str(folder) if name == "org/lite" else None
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert Run.open(run_of("hf:org/lite", tmp_path / "runs")).facts.origin is not None

    def offline(name: str, allow_patterns: list[str]) -> str:
        raise OSError("no route to host")

    hub.snapshot_download = offline
    with pytest.raises(
        RunError, match=r"hf:org/lite: can't be had[\s\S]*no route[\s\S]*fix: the hub has to be reached"
    ):
        fetched("hf:org/lite")


@pytest.mark.parametrize("what", ["timm:a", "torchvision:a", "hf:a/b"])
def test_a_library_that_is_missing(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("timm", "torchvision", "torchvision.models", "huggingface_hub"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra, match=r"pip install 'weftnet\[models\]'"):
        fetched(what)


def fitted(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["fit", *arguments, "--steps", "1", "--jobs", "1"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return str(done.output)


@pytest.mark.slow
def test_fit_from_a_file_beside_what_is_proposed(tmp_path: Path, file: Path) -> None:
    """The started network and the proposed ones stand in one leaderboard; only the former started from anything."""
    data, out = str(photos(tmp_path / "photos", 8)), tmp_path / "runs" / "fit"
    kind = "image={image: {size: 32}}"
    fitted(data, "--start", str(file), "--beside", "--no-baselines", "--kind", kind, "--out", str(out))
    standings = read_json(out / "competition.json")["standings"]
    assert len(standings) > 1
    (origin,) = (each for each in out.parent.iterdir() if each != out)
    starts = {each["name"]: Run.open(out / f"{each['name']}-seed0").facts.start for each in standings}
    started = {name: start for name, start in starts.items() if start is not None}
    assert list(started) == [origin.name]
    assert started[origin.name].run == str(origin)
    assert Run.open(out / f"{origin.name}-seed0").json("recipe.json")["lr"] == 1e-3


def test_beside_needs_a_start(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"--beside[\s\S]*add --start RUN"):
        fitted(str(photos(tmp_path / "photos", 8)), "--beside", "--out", str(tmp_path / "out"))


@pytest.mark.parametrize(("rows", "batch"), [(1, 8), (64, 8), (127, 8), (128, 16), (144, 16), (512, 64), (50_000, 64)])
def test_few_rows_are_learnt_in_small_batches(rows: int, batch: int) -> None:
    assert batch_of(rows) == batch
    assert batch == 8 or rows // batch >= 8
