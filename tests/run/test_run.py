"""The run folder: what it refuses to be made of, and to be read from."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from training_fakes import Data, go, plain

from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.run.folder import Run
from weftnet.train.recipe import Recipe


def create(folder: Path) -> Run:
    task = {"name": "classification", "settings": {"labels": ["a", "ü"]}}
    return Run.create(
        folder,
        architecture="chain: []\n",
        recipe={"lr": 0.1},
        task=task,
        data={"source": "x.csv", "fingerprint": "0"},
        signals={"x": "vector:3"},
        state={"mean": [0.5]},
        seed=7,
    )


def test_round_trip(tmp_path: Path) -> None:
    run = create(tmp_path / "deep" / "run")
    back = Run.open(tmp_path / "deep" / "run")
    assert back.document == run.document
    assert (back.status, back.steps, back.document["seed"]) == ("created", None, 7)
    assert back.json("data.json") == {"mean": [0.5]}
    assert back.text("architecture.yaml") == "chain: []\n"
    assert back.document["task"]["settings"]["labels"] == ["a", "ü"]
    assert back.history == []


def test_folder_must_be_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    create(tmp_path / "empty")
    with pytest.raises(RunError, match="the folder is not empty"):
        create(tmp_path / "empty")


def test_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(RunError, match="can't be written"):
            create(folder)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (None, "has no run.json"),
        ("", "is not JSON"),
        ('{"format": 1', "is not JSON"),
        ("[]", "holds no mapping"),
        ("{}", "the field 'format' is wrong"),
        (b"\xff\xfe", "is not text"),
    ],
)
def test_garbled_run_json(text: str | bytes | None, match: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "run.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RunError, match=match):
        Run.open(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no such folder"):
        Run.open(tmp_path / "none")


def change(folder: Path, **facts: Any) -> None:
    document = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(document | facts))


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({"format": 99}, "was written by a newer weftnet"),
        ({"format": 99, "files": []}, "was written by a newer weftnet"),
        ({"format": 0}, "the field 'format' is wrong"),
        ({"task": {"name": ["classification"], "settings": {}}}, "the field 'task: name' is wrong"),
        ({"data": {"fingerprint": {}}}, "the field 'data: fingerprint' is wrong"),
        ({"scores": {"test": {"accuracy": "high"}}}, "the field 'scores: test: accuracy' is wrong"),
        ({"signals": {"x": "vector:" + "9" * 300}}, "the signal .* is wrong"),
        ({"sizes": {"recipe.json": "12"}}, "the field 'sizes: recipe.json' is wrong"),
        ({"status": "great"}, "the field 'status' is wrong"),
        ({"seed": "7"}, "the field 'seed' is wrong"),
        ({"files": {"../../etc/passwd": "0"}}, "is refused"),
        ({"files": {"/etc/passwd": "0"}}, "is refused"),
        ({"files": {"..\\x": "0"}}, "is refused"),
        ({"files": {"": "0"}}, "is refused"),
        ({"files": {"a\0b": "0"}}, "is refused"),
    ],
)
def test_changed_run_json(facts: dict[str, Any], match: str, tmp_path: Path) -> None:
    create(tmp_path / "run")
    change(tmp_path / "run", **facts)
    with pytest.raises(RunError, match=match):
        Run.open(tmp_path / "run")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "x/../../secret"])
def test_names_stay_inside(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    run = create(tmp_path / "run")
    with pytest.raises(RunError, match="is refused"):
        run.json(name)


def test_links_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    run = create(tmp_path / "run")
    os.symlink(tmp_path / "secret", tmp_path / "run" / "samples.json")
    with pytest.raises(RunError, match="is a link that leads out of the folder"):
        run.json("samples.json")


def test_changed_and_missing_files(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    (tmp_path / "run" / "recipe.json").write_text('{"lr": 0.2}')
    with pytest.raises(DamagedCheckpoint, match=r"recipe.json: is not the file that was written"):
        run.json("recipe.json")
    (tmp_path / "run" / "data.json").unlink()
    with pytest.raises(RunError, match=r"data.json: is missing"):
        run.json("data.json")
    with pytest.raises(RunError, match=r"weights.safetensors: is missing\n  got: the run's status is 'created'"):
        run.load_weights(plain())


def test_the_manifest_has_checksums_and_sizes(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    assert set(run.document["files"]) == set(run.document["sizes"]) == {"architecture.yaml", "recipe.json", "data.json"}
    assert run.document["sizes"]["architecture.yaml"] == len("chain: []\n")
    run.verify()
    with (tmp_path / "run" / "architecture.yaml").open("a") as file:
        file.write("\n")
    with pytest.raises(DamagedCheckpoint, match=r"is not the file that was written\n  expected: 10 bytes\n  got: 11"):
        run.verify()


def test_fields_of_a_later_version_are_left_as_they_are(tmp_path: Path) -> None:
    create(tmp_path / "run")
    change(tmp_path / "run", mood="good", versions={"weftnet": "9", "numpy": "3"})
    run = Run.open(tmp_path / "run")
    run.record(status="finished")
    assert Run.open(tmp_path / "run").document["mood"] == "good"


def test_weights(tmp_path: Path) -> None:
    run, model, other = create(tmp_path / "run"), plain(), plain(seed=2)
    run.save_weights(model, {"step": 1})
    run.load_weights(other)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), other.parameters(), strict=True))
    with pytest.raises(RunError, match="the weights don't fit the model"):
        run.load_weights(nn.Linear(2, 2))
    path = tmp_path / "run" / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedCheckpoint, match="is not the file that was written"):
        run.load_weights(other)


def test_opening_runs_nothing(tmp_path: Path) -> None:
    """No file of a run is a pickle or code, and torch isn't even imported to open one."""
    go(tmp_path / "run", Recipe(steps=2), plain())
    assert {path.suffix for path in (tmp_path / "run").rglob("*") if path.is_file()} <= {
        ".json", ".jsonl", ".yaml", ".safetensors",
    }  # fmt: skip
    script = (
        "import sys; from weftnet.run.folder import Run; "
        f"Run.open({str(tmp_path / 'run')!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_garbled_history(tmp_path: Path) -> None:
    run = create(tmp_path / "run")
    (tmp_path / "run" / "history.jsonl").write_text('{"step": 1}\n{"st')
    with pytest.raises(DamagedCheckpoint, match=r"history.jsonl: line 2: is not JSON"):
        _ = run.history


def test_too_little_room_is_said_before_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = create(tmp_path / "run")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    from training_fakes import Fit

    from weftnet.train import train

    with pytest.raises(RunError, match=r"too little room\n  expected: 0\.0 MB for three checkpoints"):
        train(plain(), Fit(), Data(), Recipe(steps=2), run)
    assert Run.open(tmp_path / "run").status == "failed"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_disk_that_is_full_from_the_start(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"0" * 1_000_000)
    with pytest.raises(RunError, match="the disk has too little room"):
        create(small_disk / "run")


def test_disk_that_fills_while_training(small_disk: Path, tmp_path: Path) -> None:
    """The error says so, the checkpoint before stays good, and once there is room the run goes on to the same end."""
    model = lambda: nn.ModuleDict({"network": nn.Sequential(nn.Linear(6, 700), nn.Linear(700, 3))})  # noqa: E731
    recipe = Recipe(steps=12, batch_size=10, checkpoint_every=0.0, keep="last")

    def fill(step: int) -> None:
        if step == 6:
            free = shutil.disk_usage(small_disk).free
            (small_disk / "ballast").write_bytes(b"0" * (free - 40_000))

    torch.manual_seed(0)
    with pytest.raises(RunError, match=r"the checkpoint can't be written: .*\n  fix: free some space"):
        go(small_disk / "run", recipe, model(), data=Data(hook=fill))
    assert [path.name for path in sorted((small_disk / "run" / "checkpoints").iterdir())] == ["00000005", "00000006"]
    (small_disk / "ballast").unlink()
    assert go(small_disk / "run", recipe, model()).step == 12
    torch.manual_seed(0)
    whole = model()
    go(tmp_path / "whole", recipe, whole)
    got = model()
    Run.open(small_disk / "run").load_weights(got)
    assert all(torch.equal(p, q) for p, q in zip(whole.parameters(), got.parameters(), strict=True))


def test_read_only_disk(small_disk: Path) -> None:
    create(small_disk / "run")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(RunError, match="can't be written: Read-only file system"):
        create(small_disk / "other")
    assert Run.open(small_disk / "run").status == "created"
