"""HTTP over real sockets: every form of a request, heads without end, clients that hang up, and a stop."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from serve_threads import Fake, ask, metrics, running, started, until, write

from weftnet.serve.connection import MAX_HEAD

KEY = "sesame-sesame-sesame"
GOOD = b'{"rows": [{"x": 5}]}'
TENSOR = b'{"inputs": [{"name": "x", "shape": [2], "datatype": "FP64", "data": [1, 2]}], "id": "a"}'


class Client:
    """A connection, byte by byte."""

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
    content_length = f"Content-Length: {len(body) if length is None else length}"
    kinds = () if any(line.startswith("Content-Type") for line in lines) else ("Content-Type: application/json",)
    head = (
        f"POST {path} HTTP/{version}",
        "Host: localhost",
        content_length,
        *kinds,
        f"X-API-Key: {KEY}",
        *lines,
        "",
        "",
    )
    return "\r\n".join(head).encode() + body


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("direct")
    write(folder / "m", 1)
    (folder / "keys").write_text(KEY + "\n")
    with running(Fake(), folder / "m", keys=folder / "keys", max_body=1000, max_batch=4, queue=40, timeout=5.0) as port:
        yield port


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
def test_every_status_leaves_the_connection_usable(
    port: int, body: bytes, path: str, lines: tuple[str, ...], status: int
) -> None:
    """Unless the reply says that the connection closes; and asking for `100 Continue` changes nothing."""
    replies = []
    for more in ((), ("Expect: 100-continue",)):
        with Client(port) as client:
            client.socket.sendall(request(body, path, *lines, *more))
            reply = client.reply()
            replies.append(client.reply() if reply[0] == 100 else reply)
            if replies[-1][1].get("connection") == "close":
                assert client.ended()
            else:
                client.socket.sendall(request(GOOD))
                assert client.reply()[0] == 200
    plain, expecting = ((code, {**headers, "date": ""}, content) for code, headers, content in replies)
    assert plain == expecting
    assert plain[0] == status
    assert plain[1]["x-content-type-options"] == "nosniff"


def test_a_wrong_key_is_refused_before_the_body(port: int) -> None:
    with Client(port) as client:
        client.socket.sendall(request(GOOD).replace(KEY.encode(), b"open, please"))
        status, headers, _ = client.reply()
        assert (status, headers["www-authenticate"]) == (401, "bearer")
        client.socket.sendall(request(GOOD))
        assert client.reply()[0] == 200


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
def test_rarer_forms_of_a_request(port: int, sent: bytes) -> None:
    with Client(port) as client:
        client.socket.sendall(sent)
        status, _, body = client.reply()
        assert (status, json.loads(body)["answers"]) == (200, [{"value": 6.0}])


def test_byte_by_byte_and_one_after_another(port: int) -> None:
    with Client(port) as client:
        for byte in request(GOOD):
            client.socket.sendall(bytes([byte]))
        assert client.reply()[0] == 200
        for x in range(20):
            client.socket.sendall(request(json.dumps({"rows": [{"x": x}]}).encode()))
            assert json.loads(client.reply()[2])["answers"] == [{"value": x + 1.0}]


def test_requests_that_come_together_are_answered_in_their_order(port: int) -> None:
    sent = [request(json.dumps({"rows": [{"x": x}]}).encode()) for x in range(30)]
    sent[7] = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Client(port) as client:
        client.socket.sendall(b"".join(sent))
        for x in range(30):
            status, _, body = client.reply()
            assert status == 200
            assert json.loads(body).get("answers", [{"value": 8.0}]) == [{"value": x + 1.0}]


def test_a_large_body_and_a_slow_one(tmp_path: Path) -> None:
    """More than uvicorn reads at once; and a body that doesn't come in time."""
    write(tmp_path / "m", 1)
    with running(Fake(), tmp_path / "m", max_body=3_000_000, timeout=0.5) as port, Client(port) as client:
        client.socket.sendall(request(b" " * 2_000_000 + GOOD))
        assert client.reply()[0] == 200
        began = time.monotonic()
        client.socket.sendall(request(GOOD, length=100))
        status, headers, body = client.reply()
        assert (status, headers["connection"]) == (408, "close")
        assert time.monotonic() - began > 0.4
        assert json.loads(body)["error"]["what"] == "the body did not come in time"
        assert client.ended()


def test_a_client_that_hangs_up_is_forgotten(tmp_path: Path) -> None:
    """Whether its question waits in the queue, or its body has not come yet."""
    write(tmp_path / "m", 0)
    fake = Fake()
    fake.go.clear()
    with running(fake, tmp_path / "m", max_batch=1) as port, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, port, 1.0)
        until(lambda: fake.rows)
        with Client(port) as waiting, Client(port) as sending:
            waiting.socket.sendall(request(GOOD))
            sending.socket.sendall(request(GOOD, length=50))
            until(lambda: 'weftnet_queue_rows{model="m"} 1.0' in metrics(port))
            until(lambda: "weftnet_in_flight 4.0" in metrics(port))  # with the request for the metrics
        until(lambda: 'weftnet_queue_rows{model="m"} 0.0' in metrics(port))
        until(lambda: "weftnet_in_flight 2.0" in metrics(port))
        fake.go.set()
        assert first.result()[0] == 200
        assert fake.rows == 1
        assert 'weftnet_requests_total{code="499",model="m"} 2.0' in metrics(port)


def test_a_stop_finishes_accepted_requests_and_cancels_what_takes_too_long(tmp_path: Path) -> None:
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


def test_a_model_that_fails_gives_a_500(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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


def send_endlessly(port: int, start: bytes, more: bytes, most: int) -> tuple[int, bytes]:
    """Send until the server refuses or closes; the bytes sent, and the reply."""
    with Client(port) as client:
        client.socket.sendall(start)
        client.socket.settimeout(10)
        sent = len(start)
        with suppress(OSError):  # the server hangs up on us, as it should
            while sent < most:
                client.socket.sendall(more)
                sent += len(more)
        reply = b""
        with suppress(OSError):
            while chunk := client.socket.recv(65536):
                reply += chunk
    return sent, reply


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"GET / HTTP/1.1\r\n", b"x-name: " + b"y" * 1000 + b"\r\n"),
        (b"GET / HTTP/1.1\r\nx-name: ", b"y" * 1000),
        (b"GET / HTTP/1.1\r\n", b"y" * 1000),
        (b"GET /", b"y" * 1000),
        (
            b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\n",
            b"x-name: " + b"y" * 1000 + b"\r\n",
        ),
        (
            b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"GET / HTTP/1.1\r\nx-name: yyyyyyyyyy\r\n",
        ),
    ],
    ids=["headers", "a value", "a name", "an address", "after another request", "after the last request"],
)
def test_a_head_without_end_is_cut_off(port: int, start: bytes, more: bytes) -> None:
    """At the limit, give or take what the sockets hold in between."""
    sent, reply = send_endlessly(port, start, more, 50_000_000)
    assert sent < 20_000_000
    assert b" 431 " in reply or b" 400 " in reply or b" 200 " in reply or not reply  # a reset may overtake it
    with Client(port) as client:
        client.socket.sendall(request(GOOD))
        assert client.reply()[0] == 200


@pytest.mark.parametrize("size", [1, 1000, 1_000_000], ids=["bytes", "pieces", "at once"])
def test_the_limit_of_a_head_is_exact(port: int, size: int) -> None:
    """Of several requests on one connection each has its own; a body does not count."""
    head = f"GET /health/live HTTP/1.1\r\nHost: localhost\r\nx-name: {'y' * 60_000}\r\n".encode()
    rest = MAX_HEAD - len("/health/live" + "Host" + "localhost" + "x-name") - 60_000 - len("x-rest")
    if size == 1:
        head, rest = head[: -60_000 - 2] + b"y\r\n", 10  # byte by byte, a long one would take too long
    good, long = (head + b"x-rest: " + b"z" * length + b"\r\n\r\n" for length in (rest, rest + 1))
    with Client(port) as client:
        for sent in (good, request(b" " * 900 + GOOD), good):
            for start in range(0, len(sent), size):
                client.socket.sendall(sent[start : start + size])
            assert client.reply()[0] == 200
        if size > 1:
            client.socket.sendall(long)
            status, headers, body = client.reply()
            assert (status, headers["connection"]) == (431, "close")
            assert json.loads(body)["error"]["what"] == "the head of the request is too long"
            assert client.ended()
