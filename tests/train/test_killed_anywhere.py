"""Killed before any change of a folder, what a call left is known as own: called again, it moves nothing aside."""

from itertools import count
from pathlib import Path

import pytest
import torch
from killing import killed_before
from torch import nn

from weftnet.base.answers import File
from weftnet.base.lock import held
from weftnet.base.replacing import PAGE_MARK
from weftnet.cli.commands.predict import _folder_of, _with_files
from weftnet.compete import competition as compete
from weftnet.run import by_example
from weftnet.run.folder import Run
from weftnet.train.checkpoint import Checkpoints


def a_fit(folder: Path) -> None:
    """All that a competition of one run writes, in the order in which it does."""
    with held(folder, make=True):
        compete.prepare(folder, ["a-seed0"], replace=True)
        facts = {"task": {"name": "classification"}, "data": {"source": "x"}}
        run = Run.create(folder / "a-seed0", architecture="[]\n", recipe={}, signals={}, state={}, **facts)
        with run.training():
            line = {"step": 1, "epoch": 1.0, "seconds": 0.1, "loss": {"total": 1.0}, "validation": {}}
            run.write_history([line])
            checkpoints = Checkpoints(run.folder / "checkpoints")
            checkpoints.save(7, {"a": torch.ones(1)}, {"history": []})
            run.save_weights(nn.Linear(1, 1), {"step": 7})
            run.record(status="finished")
            checkpoints.clear()
        by_example.keep(run, "accuracy", {"test": [1.0, 0.0]})
        (run.folder / "samples").mkdir()
        run.put_text("samples/sample.txt", "a sample")
        (folder / "report.html").write_text(f"<!doctype html><head>{PAGE_MARK}</head>", encoding="utf-8")


EVERY = pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])


@EVERY
def test_a_fit_is_called_again(every: int, tmp_path: Path) -> None:
    for nth in count(every, every):
        folder = tmp_path / f"{nth}" / "runs"
        folder.parent.mkdir()
        if not killed_before(nth, folder.parent, lambda folder=folder: a_fit(folder)):  # type: ignore[misc]
            break
        a_fit(folder)
        assert [path.name for path in folder.parent.iterdir()] == ["runs"], nth
        assert not [path for path in folder.rglob("*") if path.name.startswith(".")], nth
    assert nth > 50  # to the end


@EVERY
def test_a_killed_predict_is_called_again(every: int, tmp_path: Path) -> None:
    def predict(out: Path) -> None:
        with _folder_of(out) as folder:
            lines = [{"mask": File(name, ".png", "a mask")} for name in (b"one", b"two")]
            list(_with_files(iter(lines), folder, out.with_suffix("")))

    for nth in count(max(1, every // 3), max(1, every // 3)):
        out = tmp_path / f"{nth}" / "masks.csv"
        out.parent.mkdir()
        if not killed_before(nth, out.parent, lambda out=out: predict(out)):  # type: ignore[misc]
            break
        predict(out)
        assert [path.name for path in out.parent.iterdir()] == ["masks"], nth
        assert sorted(path.name for path in (out.parent / "masks").glob("*.png")) == ["1-mask.png", "2-mask.png"]
    assert nth > 10
