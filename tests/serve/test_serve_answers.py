"""A served answer is the run's answer, in every form of a request."""

import base64
import io
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import unchecked
from PIL import Image
from serve_fakes import WORDS, Client, Server, normed_run, serving
from serve_threads import Fake, running

import weftnet.data
from weftnet import export
from weftnet.execution.planned import PlanChoice
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.serve.loading import load as load_model
from weftnet.serve.options import Options

Rows = list[dict[str, Any]]


def digits() -> Rows:
    """Every embedded digit, as nested lists: their values reach 16 only, which no file says."""
    images = np.load(Path(weftnet.data.__file__).parent / "digits.npz")["x"]
    return [{"x": image.tolist()} for image in images[:500]]


def shapes() -> Rows:
    random = np.random.default_rng(5)
    rows: Rows = []
    for number in range(300):
        row = {
            "length": random.normal(5, 2),
            "width": random.normal(1, 0.3),
            "colour": str(random.choice(["red", "blue"])),
        }
        if number % 7 == 0:
            row["length"] = None  # missing
        if number % 11 == 0:
            row["colour"] = "ultraviolet"  # never seen
        if number % 13 == 0:
            del row["colour"]
        rows.append(row)
    return rows


def reviews() -> Rows:
    random = np.random.default_rng(6)
    return [{"review": " ".join(random.choice([*WORDS, "unheard"], random.integers(0, 40)))} for _ in range(200)]


SETS = {"digits": digits(), "shapes": shapes(), "prices": shapes(), "reviews": reviews()}


def columns(rows: Rows) -> dict[str, list[Any]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lists = {name: [row.get(name) for row in rows] for name in names}
    return {name: [np.array(v) if isinstance(v, list) else v for v in values] for name, values in lists.items()}


def close(got: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """The same labels, the same numbers to float32's precision."""
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        assert one.keys() == other.keys()
        assert one.get("label") == other.get("label")
        if "probabilities" in one:
            assert one["probabilities"] == pytest.approx(other["probabilities"], rel=1e-4, abs=1e-6)
        if "value" in one:
            assert one["value"] == pytest.approx(other["value"], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", SETS)
def test_served_and_offline_agree_on_every_example(name: str, server: Server, runs: dict[str, Run]) -> None:
    """In requests of unequal sizes, larger than a batch too."""
    rows = SETS[name]
    expected = load(runs[name]).predict(columns(rows))
    got = []
    sizes = iter([1, 2, 7, 150, 30] * 100)
    while len(got) < len(rows):
        got += server.predict(name, rows[len(got) : len(got) + next(sizes)])
    close(got, expected)


def test_served_and_offline_agree_under_plans_for_answers(runs: dict[str, Run], tmp_path: Path) -> None:
    """One row has another plan than many; a norm is folded."""
    plans = ({"fold_norms": True}, {"fold_norms": True, "channels_last": True, "pool_first": True, "keep_memory": True})
    rows, loaded = SETS["digits"], load(normed_run(tmp_path / "normed", plans))
    assert [loaded.plans.answering(size).fold_norms for size in (1, 64)] == [True, True]
    close(loaded.predict(columns(rows)), replace(loaded, plans=PlanChoice()).predict(columns(rows)))
    fake = Fake()
    fake.load = partial(load_model, options=Options(engine="torch"))  # type: ignore[method-assign]
    with running(fake, loaded.run.folder) as port:
        client = Client(port)
        got = [client.predict("m", [row])[0] for row in rows[:20]] + client.predict("m", rows[20:100])
        close(got, loaded.predict(columns(rows[:100])))


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_onnx_served_and_offline_agree_on_every_example(name: str, runs: dict[str, Run], tmp_path: Path) -> None:
    rows = SETS[name]
    with unchecked():
        export.write(load(runs[name]), tmp_path / "out")
    with serving(f"m={tmp_path / 'out'}", home=tmp_path) as server:
        assert server.ask("GET", "/v1/models/m")[2]["engine"] == "onnx"
        got = [answer for start in range(0, len(rows), 90) for answer in server.predict("m", rows[start : start + 90])]
    close(got, load(runs[name]).predict(columns(rows)))


def test_an_image_file_is_read_as_by_the_run(server: Server, runs: dict[str, Run]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 20, 3), np.uint8)).save(buffer, "png")
    expected = load(runs["digits"]).predict({"x": [buffer.getvalue()]})
    text = base64.b64encode(buffer.getvalue()).decode()
    close(server.predict("digits", [{"x": text}]), expected)
    close(server.predict("digits", [{"image": f"data:image/png;base64,{text}"}]), expected)  # by the input's name
    body = (
        b'--b\r\nContent-Disposition: form-data; name="x"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
        + buffer.getvalue()
        + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    status, _, document = server.ask("POST", "/v1/models/digits/predict", body, headers)
    assert status == 200, document
    close(document["answers"], expected)


def test_a_form_of_texts(server: Server, runs: dict[str, Run]) -> None:
    parts = {"length": "4.5", "width": "", "colour": "red"}
    body = "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts.items())
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    status, _, document = server.ask("POST", "/v1/models/prices/predict", (body + "--b--\r\n").encode(), headers)
    width_needed = not next(f for f in load(runs["prices"]).preprocessing.fields if f.name == "width").optional
    if width_needed:
        assert status == 422
        assert "width" in document["error"]["where"]
    else:
        close(
            document["answers"], load(runs["prices"]).predict({"length": ["4.5"], "width": [None], "colour": ["red"]})
        )


def test_models_and_their_input_schemas_are_listed(server: Server) -> None:
    _, _, document = server.ask("GET", "/v1/models")
    assert [model["name"] for model in document["models"]] == ["digits", "shapes", "prices", "reviews"]
    model = server.ask("GET", "/v1/models/shapes")[2]
    assert model["versions"] == ["1"]
    assert model["task"] == "classification"
    fields = {field["name"]: field for field in model["fields"]}
    assert list(fields) == ["length", "width", "colour"]
    assert set(fields["colour"]["facts"]["labels"]) == {"red", "green", "blue"}
    assert server.ask("POST", "/v1/models/shapes/versions/1/predict", {"rows": SETS["shapes"][:1]})[0] == 200


def test_metrics_count_requests_and_batches(server: Server) -> None:
    server.predict("shapes", SETS["shapes"][:3])
    server.ask("POST", "/v1/models/shapes/predict", {"rows": []})
    status, headers, content = server.ask("GET", "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    lines = content.decode().splitlines()
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}
    assert values['weftnet_requests_total{code="200",model="shapes"}'] >= 1
    assert values['weftnet_requests_total{code="422",model="shapes"}'] >= 1
    assert values['weftnet_batch_rows_count{model="shapes"}'] >= 1
    assert values['weftnet_queue_rows{model="shapes"}'] == 0
    bounds = [name.partition('le="')[2].partition('"')[0] for name in values if "seconds_bucket{" in name]
    assert {"0.001", "1.0", "30.0"} <= set(bounds)  # from a small table's answer to the slowest that is waited for
    assert values['weftnet_model_loads_total{model="digits",result="loaded"}'] == 1


def test_the_explanation_is_that_of_the_run(server: Server) -> None:
    pytest.importorskip("captum")
    row = {"length": 4.0, "width": 1.0, "colour": "red"}
    status, _, document = server.ask("POST", "/v1/models/shapes/explain", {"row": row})
    assert status == 200, document
    assert document["answer"]["label"] == document["target"]
    assert "<svg" in document["html"] or "<div" in document["html"]
    assert "<script" not in document["html"]
    status, _, document = server.ask("POST", "/v1/models/shapes/explain", {"row": row, "method": "tea_leaves"})
    assert status == 422
    status, _, document = server.ask("POST", "/v1/models/shapes/explain", {"row": {"length": "wide"}})
    assert status == 422
    assert json.dumps(document)
