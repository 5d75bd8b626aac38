"""Every task that answers does so alike: the run, its exports' runners, and a server of each engine; by its example."""

import base64
import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_fakes import written
from oracles import unchecked
from PIL import Image

from weftnet import export
from weftnet.answer.main import main
from weftnet.answer.rows import read
from weftnet.answer.runner import open_export
from weftnet.architecture.reading import read_dict
from weftnet.base.answers import Picture, forms
from weftnet.cli.commands.predict import predict_command
from weftnet.data import open_data
from weftnet.errors import DataError
from weftnet.run.loading import Loaded, load
from weftnet.serve.engines import ENGINES
from weftnet.serve.loading import load as load_model
from weftnet.serve.options import Options
from weftnet.tasks import ANSWERS, EXAMPLES, TASKS
from weftnet.tasks._inference import options_of
from weftnet.tasks._schema import answer_schema
from weftnet.train import Recipe, fit

#: rows of an example that are asked about
ROWS = 9


@dataclass(frozen=True)
class Case:
    task: str
    loaded: Loaded
    raw: Mapping[str, Sequence[Any]]
    exports: Path


def cases() -> Iterator[Any]:
    """Every task that answers; of four, three are slow, as each takes seconds to export."""
    names = [name for name in TASKS if ANSWERS.find(name) and EXAMPLES.find(name)]
    return (pytest.param(name, marks=[pytest.mark.slow] if number % 4 else []) for number, name in enumerate(names))


@pytest.fixture(scope="module", params=cases())
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("task")
    example = EXAMPLES.get(request.param)(folder)
    data = open_data(example.source, **example.options)
    task = TASKS.get(request.param).from_data(data, **example.settings)
    architecture, faults = read_dict(example.architecture)
    assert architecture is not None, faults
    run = fit(architecture, task, data, Recipe.from_dict({**example.recipe, "steps": 3}), folder / "run")
    loaded = load(run)
    raw = rows_of(loaded, example.question or example.source)
    with unchecked():
        for target in ("onnx", "torch_export"):
            done = export.write(loaded, run.folder / "export" / target, target)
            assert done.because == "" or target != "onnx"
    return Case(request.param, loaded, raw, run.folder / "export")


def rows_of(loaded: Loaded, source: Path) -> dict[str, list[Any]]:
    """Rows of the example's file; windows of it, for a run that reads windows of a table."""
    fields = loaded.preprocessing.fields
    context = fields[0].facts.get("time") if source.suffix == ".csv" else None
    if context is None:
        columns, _ = read(source, fields)
        return {name: list(values)[:ROWS] for name, values in columns.items()}
    with source.open(encoding="utf-8") as file:
        steps = list(csv.DictReader(file))
    numbers = {field.name: np.array([float(step[field.name]) for step in steps]) for field in fields}
    return {name: [column[row : row + context] for row in range(ROWS)] for name, column in numbers.items()}


def alike(task: str, got: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]]) -> None:
    """The same fields and words, the same numbers to float32's precision, the same pixels to rounding."""
    known = forms(answer_schema(task))
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        assert one.keys() == other.keys() <= known.keys()
        for name, value in other.items():
            if isinstance(known[name], Picture):
                mine, its = (np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in (one[name], value))
                assert np.abs(mine.astype(int) - its.astype(int)).max() <= 1
            else:
                close(one[name], value)


def close(one: Any, other: Any) -> None:
    if isinstance(other, Mapping):
        assert list(map(str, one)) == list(map(str, other))
        close(list(one.values()), list(other.values()))
    elif isinstance(other, list):
        assert len(one) == len(other)
        for each, its in zip(one, other, strict=True):
            close(each, its)
    else:
        assert one == (pytest.approx(other, rel=1e-4, abs=1e-4) if isinstance(other, float) else other)


def test_the_runner_answers_as_the_run(case: Case) -> None:
    alike(case.task, open_export(case.exports / "onnx").predict(case.raw), case.loaded.predict(case.raw))


@pytest.mark.parametrize("engine", ENGINES.names())
def test_a_server_answers_as_the_run(case: Case, engine: str) -> None:
    model = load_model(case.loaded.run.folder, Options(engine=engine))
    count = len(next(iter(case.raw.values())))
    rows = [{name: written(values[row]) for name, values in case.raw.items()} for row in range(count)]
    assert json.loads(json.dumps(rows)) == rows
    got = model.predict(rows[:2]) + model.predict(rows[2:])
    expected = case.loaded.predict(case.raw)
    if engine == "torch":
        assert [list(answer) for answer in got] == [list(answer) for answer in expected]
    alike(case.task, got, expected)


def test_an_option_that_is_not_known(case: Case) -> None:
    for answers in (case.loaded.predict, open_export(case.exports / "onnx").predict):
        with pytest.raises(DataError, match="takes no option 'colour'"):
            answers(case.raw, {"colour": 3})
    for name, kind in options_of(case.task).items():
        if kind is int:
            with pytest.raises(DataError, match="an option is of another type"):
                case.loaded.predict(case.raw, {name: "many"})


@pytest.mark.slow
def test_an_autoencoders_error_over_drawn_codes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is asked changes the answer, alike in run and runner; far from the data the error is larger."""
    folder = tmp_path_factory.mktemp("vae")
    example = EXAMPLES.get("variational_autoencoder")(folder)
    data = open_data(example.source, **example.options)
    task = TASKS.get("variational_autoencoder").from_data(data, **example.settings)
    architecture, _ = read_dict(example.architecture)
    assert architecture is not None
    loaded = load(fit(architecture, task, data, Recipe.from_dict({**example.recipe}), folder / "run"))
    with unchecked():
        export.write(loaded, folder / "out")
    runner = open_export(folder / "out")
    known = list(np.load(example.source)["x"][:4])
    strange = [255 - each for each in known]
    raw = {"x": [*known, *strange]}
    plain, drawn = loaded.predict(raw), loaded.predict(raw, {"draws": 20})
    errors = [answer["error"] for answer in plain]
    assert max(errors[:4]) < min(errors[4:])
    assert all(one["error"] != other["error"] for one, other in zip(plain, drawn, strict=True))
    assert [answer["latent"] for answer in plain] == [answer["latent"] for answer in drawn]
    alike("variational_autoencoder", runner.predict(raw, {"draws": 20}), drawn)
    with pytest.raises(DataError, match="takes no option 'drws'"):
        predict_command(loaded.run.folder, [str(example.source)], [], [], None, ["drws=20"])
    predict_command(loaded.run.folder, [str(example.source)], [], [], folder / "a.csv", ["draws=20"])
    with (folder / "a.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert float(table[0]["error"]) == pytest.approx(drawn[0]["error"], rel=1e-4)
    assert list(table[0]) == ["row", "error", "latent_1", "latent_2", "latent_3", "picture"]
    with Image.open(folder / table[2]["picture"]) as picture:
        assert picture.size == (8, 8)
    assert main(folder / "out", [str(example.source), "--ask", "draws=20", "--out", str(folder / "a.jsonl")]) == 0
    lines = [json.loads(line) for line in (folder / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    alike("variational_autoencoder", lines[:4], drawn[:4])
    alone = [runner.predict({"x": [each]}, {"draws": 20})[0] for each in raw["x"]]
    alike("variational_autoencoder", alone, drawn)  # examples don't mix
    with pytest.raises(DataError, match="draws is out of range"):
        runner.predict(raw, {"draws": -1})
