"""The Open Inference Protocol, tested with Triton's own client."""

import io
import warnings
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image
from serve_fakes import Server

from weftnet.run.facts import TaskFacts
from weftnet.serve.inference_protocol import model_metadata
from weftnet.serve.model import Model
from weftnet.serve.repository import Version

with warnings.catch_warnings():  # gevent's patches and old type hints are its own affair
    warnings.simplefilter("ignore")
    client = pytest.importorskip("tritonclient.http", reason="Triton's client is not installed")

ROWS = [
    {"length": 4.5, "width": 1.1, "colour": "red"},
    {"length": None, "width": 0.4, "colour": "blue"},
    {"length": 9.0, "width": 2.0, "colour": "ultraviolet"},
]


@pytest.fixture(scope="module")
def triton(server: Server) -> Any:
    with client.InferenceServerClient(f"{server.host}:{server.port}") as triton:
        yield triton


def tensor(name: str, values: np.ndarray, datatype: str, binary: bool) -> Any:
    made = client.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def table(binary: bool) -> list[Any]:
    lengths = np.array([4.5, np.nan if binary else 5.0, 9.0])
    colours = np.array([row["colour"] for row in ROWS], object)
    return [
        tensor("length", lengths, "FP64", binary),
        tensor("width", np.array([row["width"] for row in ROWS], np.float32).reshape(-1, 1), "FP32", binary),
        tensor("colour", colours, "BYTES", binary),
    ]


def test_health_and_metadata(triton: Any) -> None:
    assert triton.is_server_live()
    assert triton.is_server_ready()
    assert triton.is_model_ready("shapes")
    assert triton.is_model_ready("shapes", "1")
    assert not triton.is_model_ready("shapes", "2")
    assert not triton.is_model_ready("nothing")
    assert triton.get_server_metadata()["name"] == "weftnet"
    metadata = triton.get_model_metadata("shapes")
    assert metadata["platform"] == "weftnet_torch"
    assert [(each["name"], each["datatype"], each["shape"]) for each in metadata["inputs"]] == [
        ("length", "FP64", [-1]), ("width", "FP64", [-1]), ("colour", "BYTES", [-1]),
    ]  # fmt: skip
    assert [each["name"] for each in metadata["outputs"]] == ["label", "probabilities"]


@pytest.mark.parametrize(
    ("task", "outputs"),
    [("classification", [("label", "BYTES", [-1]), ("probabilities", "FP64", [-1, -1])]),
     ("multilabel", [("labels", "BYTES", [-1]), ("probabilities", "FP64", [-1, -1])]),
     ("regression", [("value", "FP64", [-1])]),
     ("forecasting", [*((name, "FP64", [-1, -1, -1]) for name in ("values", "low", "high")),
                      ("quantiles", "BYTES", [-1])]),
     ("language_model", [("token", "BYTES", [-1]), ("probabilities", "FP64", [-1, -1]), ("text", "BYTES", [-1])]),
     ("a plugin's", [])],
)  # fmt: skip
def test_the_outputs_of_a_task(task: str, outputs: list[tuple[str, str, list[int]]]) -> None:
    """From the schema of its answers, where it has one."""
    model = Model(Path(), "torch", (), lambda raw, options: [], TaskFacts(task))
    metadata = model_metadata(Version("m", "1", model, Mock(), ""), ["1"])
    assert [(each["name"], each["datatype"], each["shape"]) for each in metadata["outputs"]] == outputs


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
@pytest.mark.parametrize("version", ["", "1"])
def test_answers_are_those_of_our_own_api(triton: Any, server: Server, binary: bool, version: str) -> None:
    rows = [dict(row) for row in ROWS]
    rows[1]["length"] = None if binary else 5.0
    rows = [row | {"width": float(np.float32(row["width"]))} for row in rows]
    expected = server.predict("shapes", rows)
    outputs = [client.InferRequestedOutput(name, binary_data=binary) for name in ("probabilities", "label")]
    got = triton.infer("shapes", table(binary), version, outputs=outputs, request_id="seven")
    assert got.get_response()["id"] == "seven"
    labels = [label.decode() if isinstance(label, bytes) else label for label in got.as_numpy("label")]
    assert labels == [answer["label"] for answer in expected]
    shares = [list(answer["probabilities"].values()) for answer in expected]
    np.testing.assert_allclose(got.as_numpy("probabilities"), shares, rtol=1e-4, atol=1e-6)


def test_files_in_binary_and_numbers_out(triton: Any, server: Server) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(buffer, "png")
    got = triton.infer("digits", [tensor("x", np.array([buffer.getvalue()] * 2, object), "BYTES", True)])
    assert got.as_numpy("label").shape == (2,)
    assert got.as_numpy("probabilities").shape == (2, 10)
    pixels = np.random.default_rng(0).integers(0, 16, (3, 8, 8), np.uint8)
    got = triton.infer("digits", [tensor("x", pixels, "UINT8", True)])
    expected = server.predict("digits", [{"x": image.tolist()} for image in pixels])
    assert [label.decode() for label in got.as_numpy("label")] == [answer["label"] for answer in expected]
    got = triton.infer("prices", table(True))
    assert got.as_numpy("value").dtype == np.float64


def test_errors_reach_the_client(triton: Any) -> None:
    with pytest.raises(client.InferenceServerException, match="no column is called 'lenght'"):
        triton.infer("shapes", [tensor("lenght", np.zeros(2), "FP64", True)])
    with pytest.raises(client.InferenceServerException, match="the same number of rows"):
        triton.infer(
            "shapes", [tensor("length", np.zeros(2), "FP64", True), tensor("width", np.zeros(3), "FP64", True)]
        )
    with pytest.raises(client.InferenceServerException, match="no such output"):
        triton.infer("shapes", table(True), outputs=[client.InferRequestedOutput("logits")])


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, "there are no inputs"),
        ({"inputs": [3]}, "an input has no name"),
        ({"inputs": [{"name": "length", "shape": [-1], "datatype": "FP64", "data": []}]}, "not a list of sizes"),
        ({"inputs": [{"name": "length", "shape": [1], "datatype": "FP8", "data": [1]}]}, "unknown datatype"),
        ({"inputs": [{"name": "length", "shape": [2], "datatype": "FP64", "data": [1]}]}, "do not fill the shape"),
        ({"inputs": [{"name": "length", "shape": [2], "datatype": "FP64", "data": [1, [2]]}]}, "nested unevenly"),
        ({"inputs": [{"name": "length", "shape": [2], "datatype": "FP64"}]}, "the data are not a list"),
        ({"inputs": [{"name": "length", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": 8}}]},
         "the body ends before its data"),
    ],
)  # fmt: skip
def test_wrong_tensors_are_refused(server: Server, question: dict[str, Any], message: str) -> None:
    status, _, document = server.ask("POST", "/v2/models/shapes/infer", question)
    assert status == 400
    assert message in document["error"]
