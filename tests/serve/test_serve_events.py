"""An answer as server-sent events: the pieces join up to the answer, which is that without a stream."""

import json
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from serve_fakes import Server, serving, table_run, writing_run

from weftnet.run.loading import load

ASKED = {"length": 20, "temperature": 0.9, "top_p": 0.8, "repetition_penalty": 1.1, "seed": 3}


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    home = tmp_path_factory.mktemp("events")
    run, table = writing_run(home / "writer"), table_run(home / "table")
    with serving(f"writer={run.folder}", f"table={table.folder}", home=home) as server:
        yield server, run.folder
        assert not [line for line in server.lines if "failed" in line or "Traceback" in line]


def streamed(server: Server, options: dict[str, Any], name: str = "writer") -> tuple[int, list[tuple[str, Any]]]:
    """The status, and the events as (name, data); an ordinary reply is one without a name."""
    body = {"rows": [{"tokens": "the cat"}], "options": options, "stream": True}
    status, headers, content = server.ask("POST", f"/v1/models/{name}/predict", body)
    if headers["content-type"].startswith("application/json"):
        return status, [("", content)]
    assert headers["content-type"].startswith("text/event-stream")
    blocks = [block.split("\n") for block in content.decode().strip().split("\n\n")]
    return status, [(head.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for head, data in blocks]


def test_pieces_join_up_to_the_answer(writer: tuple[Server, Path]) -> None:
    server, folder = writer
    for options in (ASKED, {**ASKED, "stop": ["at", "zz"]}, {**ASKED, "stop_tokens": [2]}):
        status, events = streamed(server, options)
        assert status == 200
        *pieces, (name, last) = events
        assert name == "answer"
        assert {name for name, _ in pieces} <= {"text"}
        (want,) = load(folder).predict({"tokens": ["the cat"]}, options)
        assert "".join(data["text"] for _, data in pieces) == want["text"]
        (answer,) = last["answers"]
        assert (answer["text"], last["model"]) == (want["text"], "writer")
        assert answer["probabilities"] == pytest.approx(want["probabilities"], abs=1e-5)
    assert len(streamed(server, ASKED)[1]) > 10, "a piece for each token"


def test_what_is_wrong_before_the_first_piece_has_its_status(writer: tuple[Server, Path]) -> None:
    server, _ = writer
    for options, what in (
        ({"length": 3, "top_p": 0}, "top_p is out of range"), ({"stop": [3]}, "an option is of another type"),
        ({"length": 3, "stop": [""]}, "a stop is no text"), ({"length": 10**6}, "too many tokens are asked for"),
    ):  # fmt: skip
        status, ((_, document),) = streamed(server, options)
        assert status == 422
        assert document["error"]["what"] == what
    body = {"rows": [{"tokens": "a"}, {"tokens": "b"}], "stream": True}
    assert server.ask("POST", "/v1/models/writer/predict", body)[2]["error"]["what"] == "several rows have no stream"
    assert server.ask("POST", "/v1/models/writer/predict", {**body, "stream": 1})[0] == 422
    status, ((_, document),) = streamed(server, {}, "table")
    assert (status, document["error"]["what"]) == (422, "this model's answers come whole")


def test_who_hangs_up_ends_the_writing(writer: tuple[Server, Path]) -> None:
    server, _ = writer
    connection = HTTPConnection(server.host, server.port, timeout=60)
    body = {"rows": [{"tokens": "the cat"}], "options": {"length": 10_000}, "stream": True}
    connection.request("POST", "/v1/models/writer/predict", json.dumps(body), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    assert reply.read(14).startswith(b"event: text")
    reply.close()
    connection.close()
    began = time.perf_counter()
    assert server.predict("writer", [{"tokens": "the cat"}])
    assert time.perf_counter() - began < 2, "10,000 whole passes would take longer"


def test_the_description_says_so(writer: tuple[Server, Path]) -> None:
    paths = writer[0].ask("GET", "/openapi.json")[2]["paths"]
    for name, told in (("writer", True), ("table", False)):
        post = paths[f"/v1/models/{name}/predict"]["post"]
        assert ("text/event-stream" in post["responses"]["200"]["content"]) == told
        assert ("stream" in post["requestBody"]["content"]["application/json"]["schema"]["properties"]) == told
