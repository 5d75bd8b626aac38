"""A notebook shows data, architectures, runs, answers and explanations; errors are the message alone."""

from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

import weftnet as wn
from weftnet.base import html
from weftnet.compete.jobs import Outcome
from weftnet.errors import DataError
from weftnet.library import notebook
from weftnet.library.checking import draw
from weftnet.run.folder import Run
from weftnet.train.listeners._listener import Began, Step

CELLS = [
    "import weftnet as wn\ndata = wn.open_data('digits')\ndata",
    "fit = wn.fit(data, ('linear', 'mlp'), steps=30, recipe={'plan': 'eager'}, out='runs/a')\nfit",
    "fit.run",
    "fit.loaded.architecture",
    "fit.explain()",
    "fit.predict('digits')[:2]",
    "wn.fit('digits', 'mlpp')",
]


def outputs(cell: Any, kind: str) -> str:
    return "".join(each["data"].get(kind, "") for each in cell.outputs if "data" in each)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_notebook_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, timeout=120, kernel_name="python3", allow_errors=True, resources=where).execute()
    data, fit, run, architecture, explained, answers, wrong = book.cells
    assert "image:1x8x8" in outputs(data, "text/html")
    shown = outputs(fit, "text/html")
    assert "2 of 2 trainings" in shown
    assert "<progress" in shown or "validation accuracy" in shown
    assert "has the" in shown
    assert "classification" in outputs(run, "text/html")
    assert "<svg" in outputs(architecture, "text/html")
    assert "class=explanation" in outputs(explained, "text/html")
    assert "label" in outputs(answers, "text/plain")
    (error,) = wrong.outputs
    assert "did you mean 'mlp'?" in "\n".join(error["traceback"])
    assert len(error["traceback"]) == 1
    assert len("\n".join(error["traceback"]).splitlines()) < 5


def test_an_error_is_its_message() -> None:
    error = DataError("can't be read", where="a.csv", fix="mend it")
    (text,) = error._render_traceback_()
    assert text.endswith("DataError\x1b[0m: a.csv: can't be read\n  fix: mend it")


def test_data_and_drawings_as_html() -> None:
    data = wn.open_data({"<a>": np.arange(30.0), "k": np.arange(30) % 2}, target="k")
    shown = data._repr_html_()
    assert "vector:1" in shown
    assert f"{data.sizes['train']} train" in shown
    assert "<a>" not in shown
    small, large = (draw(name, inputs={"image": "image:1x32x32"})._repr_html_() for name in ("lenet", "resnet"))
    assert small.count("<details>") == 0
    assert large.count("<details>") == 1  # tall ones are folded
    assert "dense" in notebook.architecture(_dense())


def _dense() -> wn.Architecture:
    from weftnet.architecture.reading import from_dict

    return from_dict([{"dense": {"dim": 3}}])


@pytest.mark.slow
def test_what_has_no_method_of_its_own_is_shown(tmp_path: Path) -> None:
    x, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    fit = wn.fit((x, y), "linear", steps=3, recipe={"plan": "eager"}, out=tmp_path / "a", progress=False)
    assert "finished" in notebook.run(Run.open(fit.run.folder))
    assert "<svg" in notebook.loaded(fit.loaded)
    assert "linear" in notebook.competition(fit.competition)  # type: ignore[arg-type]  # it is one
    assert "class=explanation" in notebook.explanation(fit.explain()[0])
    assert "<svg" in fit._repr_html_()
    assert "accuracy" in fit.evaluate()._repr_html_()
    answers = fit.predict(x)
    assert f"{len(answers)} in all" in answers._repr_html_()


def test_the_bar_shows_loss_score_and_time_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from weftnet.base.scores import Score
    from weftnet.library import live

    class Handle:
        shown = ""

        def update(self, piece: Any) -> None:
            self.shown = piece._repr_html_()

    handle = Handle()
    monkeypatch.setattr(live, "_display", lambda text, live=False: handle)
    with live.InNotebook().trainings(["mlp", "vgg"], Score("accuracy", "max", "share")) as bar:
        running = bar.training("mlp seed 0")
        running.start(Began(tmp_path, "t", "d", "", {}, 0, 200))
        running.after_evaluation({"step": 50, "validation": {"accuracy": 0.5}})
        running.after_step(Step(50, {"network": 0.25}, 0.1, 1000.0, 10.0, 200))
        assert "value=50 max=200" in handle.shown
        assert "loss 0.25" in handle.shown
        assert "validation accuracy 50.00 %" in handle.shown
        assert "30 s left" in handle.shown
        bar.done(Outcome("mlp", 0, "mlp-seed0", "finished", {"accuracy": 0.75}, seconds=12.0))
    assert "1 of 2 trainings" in handle.shown
    assert "validation accuracy 75.00 %, 12 s" in handle.shown
    assert "<progress" not in handle.shown


def test_html_is_escaped() -> None:
    assert "<b>" not in html.table(["<b>"], [["<b>"]]) + html.line("<b>") + html.heading("<b>") + html.facts(
        [("<b>", "")]
    )
