"""The straight way of a prediction: what it answers is what the long way answers, and it loses nothing on the way.

A request that says `Expect: 100-continue` takes the long way, through ASGI; that is the oracle.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from serve_threads import Fake, ask, metrics, running, started, until, write

from weftnet.serve import direct

KEY = "sesame-sesame-sesame"
GOOD = b'{"rows": [{"x": 5}]}'
TENSOR = b'{"inputs": [{"name": "x", "shape": [2], "datatype": "FP64", "data": [1, 2]}], "id": "a"}'


class Client:
    """A connection that is looked at byte by byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.rest = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *fault: object) -> None:
        self.socket.close()

    def reply(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the next reply."""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        while len(self.rest) < int(headers.get("content-length", 0)):
            self.more()
        body = self.rest[: int(headers.get("content-length", 0))]
        self.rest = self.rest[len(body) :]
        return int(first.split()[1]), headers, body

    def more(self) -> None:
        got = self.socket.recv(65536)
        assert got, "the connection ended"
        self.rest += got

    def ended(self) -> bool:
        """Whether the server closed the connection, with nothing more to say."""
        return not self.rest and self.socket.recv(1) == b""


def request(body: bytes, path: str = "/predict", *lines: str, version: str = "1.1", length: int | None = None) -> bytes:
    told = f"Content-Length: {len(body) if length is None else length}"
    kinds = () if any(line.startswith("Content-Type") for line in lines) else ("Content-Type: application/json",)
    head = (f"POST {path} HTTP/{version}", "Host: x", told, *kinds, f"X-API-Key: {KEY}", *lines, "", "")
    return "\r\n".join(head).encode() + body


@pytest.fixture
def straight(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the requests that went the straight way."""
    seen: list[str] = []
    begin = direct.Prediction.__init__

    def counted(self: Any, protocol: Any, way: direct.Way, *rest: Any) -> None:
        seen.append(way.path)
        begin(self, protocol, way, *rest)

    monkeypatch.setattr(direct.Prediction, "__init__", counted)
    return seen


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("direct")
    write(folder / "m", 1)
    (folder / "keys").write_text(KEY + "\n")
    with running(
        Fake(), folder / "m", keys=folder / "keys", max_body=1000, max_batch=4, queue=40, timeout=5.0
    ) as found:
        yield found


@pytest.mark.parametrize(
    ("body", "path", "lines", "status"),
    [
        (GOOD, "/predict", (), 200),
        (GOOD, "/v1/models/m/predict", (), 200),
        (TENSOR, "/v2/models/m/infer", (), 200),
        (TENSOR, "/v2/models/m/infer", ("Content-Type: application/octet-stream",), 200),
        (json.dumps({"rows": [{"x": n} for n in range(11)]}).encode(), "/predict", (), 200),
        (json.dumps({"rows": [{"x": n if n != 9 else [n]} for n in range(11)]}).encode(), "/predict", (), 422),
        (json.dumps({"rows": [{"x": n} for n in range(41)]}).encode(), "/predict", (), 422),
        (b'{"rows": [{"x": NaN}]}', "/predict", (), 400),
        (b'{"rows": [{"x": 1e999}]}', "/predict", (), 422),
        (b'{"rows": [{"y": 1}]}', "/predict", (), 422),
        (b'{"rows": [{"x": "\xff"}]}', "/predict", (), 400),
        (b"[" * 900, "/predict", (), 400),
        (b"[]", "/predict", (), 422),
        (b"", "/predict", (), 400),
        (b"{}", "/v2/models/m/infer", (), 400),
        (b" " * 1001, "/predict", (), 413),
        (b" " * 1001, "/v2/models/m/infer", (), 413),
        (GOOD, "/predict", ("Connection: close",), 200),
    ],
)
def test_both_ways_answer_alike(
    port: int, straight: list[str], body: bytes, path: str, lines: tuple[str, ...], status: int
) -> None:
    """Status, every header, every byte, and whether the connection stays open."""
    replies = []
    for more in ((), ("Expect: 100-continue",)):
        with Client(port) as client:
            client.socket.sendall(request(body, path, *lines, *more))
            got = client.reply()
            replies.append(client.reply() if got[0] == 100 else got)
            closes = replies[-1][1].get("connection") == "close"
            if closes:
                assert client.ended()
            else:
                client.socket.sendall(request(GOOD))
                assert client.reply()[0] == 200
    ours, theirs = ((code, {**headers, "date": ""}, content) for code, headers, content in replies)
    assert ours == theirs
    assert ours[0] == status
    assert straight == [path] + ["/predict"] * (0 if closes else 2)


def test_a_wrong_key_is_refused_before_the_body(port: int, straight: list[str]) -> None:
    with Client(port) as client:
        client.socket.sendall(request(GOOD).replace(KEY.encode(), b"open, please"))
        status, headers, _ = client.reply()
        assert (status, headers["www-authenticate"]) == (401, "bearer")
        client.socket.sendall(request(GOOD))
        assert client.reply()[0] == 200
    assert straight == ["/predict"] * 2


@pytest.mark.parametrize(
    "sent",
    [
        request(GOOD, version="1.0"),
        request(GOOD, "/v1/models/m/versions/1/predict"),
        request(GOOD, "/predict?a=b"),
        request(GOOD).replace(b"Content-Length: 20", b"Transfer-Encoding: chunked").replace(
            GOOD, b"14\r\n" + GOOD + b"\r\n0\r\n\r\n"
        ),
        request(b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n5\r\n--b--\r\n', "/predict",
                "Content-Type: multipart/form-data; boundary=b"),
    ],
    ids=["HTTP/1.0", "version", "query", "chunked", "form"],
)  # fmt: skip
def test_what_is_out_of_the_ordinary_takes_the_long_way(port: int, straight: list[str], sent: bytes) -> None:
    with Client(port) as client:
        client.socket.sendall(sent)
        status, _, body = client.reply()
        assert (status, json.loads(body)["answers"]) == (200, [{"value": 6.0}])
    assert not straight


def test_byte_by_byte_and_one_after_another(port: int, straight: list[str]) -> None:
    with Client(port) as client:
        for byte in request(GOOD):
            client.socket.sendall(bytes([byte]))
        assert client.reply()[0] == 200
        for x in range(20):
            client.socket.sendall(request(json.dumps({"rows": [{"x": x}]}).encode()))
            assert json.loads(client.reply()[2])["answers"] == [{"value": x + 1.0}]
    assert len(straight) == 21


def test_requests_that_come_together_are_answered_in_their_order(port: int, straight: list[str]) -> None:
    sent = [request(json.dumps({"rows": [{"x": x}]}).encode()) for x in range(30)]
    sent[7] = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    with Client(port) as client:
        client.socket.sendall(b"".join(sent))
        for x in range(30):
            status, _, body = client.reply()
            assert status == 200
            assert json.loads(body).get("answers", [{"value": 8.0}]) == [{"value": x + 1.0}]
    assert straight  # the first of them


def test_a_large_body_and_a_slow_one(tmp_path: Path) -> None:
    """More than uvicorn reads at once; and a body that doesn't come is no longer waited for."""
    write(tmp_path / "m", 1)
    with running(Fake(), tmp_path / "m", max_body=3_000_000, timeout=0.5) as port, Client(port) as client:
        client.socket.sendall(request(b" " * 2_000_000 + GOOD))
        assert client.reply()[0] == 200
        client.socket.sendall(request(GOOD, length=100))
        status, headers, body = client.reply()
        assert (status, headers["connection"]) == (408, "close")
        assert json.loads(body)["error"]["what"] == "the body did not come in time"
        assert client.ended()


@pytest.mark.parametrize("behind", [False, True], ids=["alone", "with a request behind it"])
def test_a_client_that_hangs_up_is_forgotten(tmp_path: Path, behind: bool) -> None:
    write(tmp_path / "m", 0)
    fake = Fake()
    fake.go.clear()
    with running(fake, tmp_path / "m", max_batch=1) as port, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, port, 1.0)
        until(lambda: fake.rows)
        with Client(port) as waiting, Client(port) as sending:
            waiting.socket.sendall(request(GOOD) * (1 + behind))
            sending.socket.sendall(request(GOOD, length=50))
            until(lambda: 'weftnet_queue_rows{model="m"} 1.0' in metrics(port))
            until(lambda: "weftnet_in_flight 4.0" in metrics(port))  # with the one that asks
        until(lambda: 'weftnet_queue_rows{model="m"} 0.0' in metrics(port))
        until(lambda: "weftnet_in_flight 2.0" in metrics(port))
        fake.go.set()
        assert first.result()[0] == 200
        assert fake.rows == 1
        assert 'weftnet_requests_total{code="499",model="m"} 2.0' in metrics(port)


def test_a_stop_finishes_what_was_taken_and_breaks_off_what_takes_too_long(tmp_path: Path) -> None:
    write(tmp_path / "m", 0)
    fake = Fake()
    with started(fake, tmp_path / "m", grace=1.0) as (port, server), Client(port) as client, Client(port) as late:
        fake.go.clear()
        client.socket.sendall(request(GOOD))
        until(lambda: fake.rows)
        server.should_exit = True
        until(lambda: server._service.stopping)
        threading.Timer(0.2, fake.go.set).start()
        status, headers, _ = client.reply()
        assert (status, headers["connection"]) == (200, "close")
        assert client.ended()
        fake.go.clear()
        late.socket.sendall(request(GOOD))  # it has a connection still, and is taken
        began = time.monotonic()
        status, headers, body = late.reply()
        assert (status, headers["connection"]) == (503, "close")
        assert json.loads(body)["error"]["what"] == "the server is stopping"
        assert time.monotonic() - began > 0.5


def test_a_model_that_fails_is_told_with_a_500(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "m", 0)
    fake = Fake()

    def load(folder: Path) -> Any:
        from dataclasses import replace

        return replace(Fake.load(fake, folder), run=lambda raw: [{"value": object()}])

    fake.load = load  # type: ignore[method-assign]
    with running(fake, tmp_path / "m") as port, Client(port) as client:
        client.socket.sendall(request(GOOD))
        status, _, body = client.reply()
        assert status == 500
        assert json.loads(body)["error"]["what"] == "the server failed; its log says why"
    assert "POST /predict failed" in caplog.text
