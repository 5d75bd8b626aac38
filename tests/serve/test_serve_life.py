"""No accepted request is lost over a reload, a stop, or a client that hangs up; and nothing grows without bound."""

import asyncio
import json
import logging
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from serve_fakes import serving, table_run
from serve_threads import Fake, ask, get, metrics, running, until, write

from weftnet.errors import WeftnetError
from weftnet.run.folder import Run
from weftnet.serve.app import Application
from weftnet.serve.model import Model
from weftnet.serve.options import Options
from weftnet.serve.places import Place
from weftnet.serve.server import LINGER


def test_a_reload_under_load_loses_nothing(tmp_path: Path) -> None:
    """Eight clients ask all the time while the model is replaced ten times; every answer is of one version, whole."""
    write(tmp_path / "m", 0)
    fake, over, begun = Fake(0.001), threading.Event(), threading.Barrier(9)

    def client(port: int) -> list[float]:
        connection, shifts = HTTPConnection("127.0.0.1", port, timeout=30), []
        last = False
        while not last:
            last = over.is_set()  # once more after the end
            status, document = ask(port, 5.0, connection=connection)
            assert status == 200, document
            shifts.append(document["answers"][0]["value"] - 5.0)
            if len(shifts) == 1:
                begun.wait(30)
        connection.close()
        return shifts

    with running(fake, tmp_path / "m") as port, ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(client, port) for _ in range(8)]
        try:
            begun.wait(30)  # each has been answered once
            for shift in range(1, 11):
                write(tmp_path / "m", shift)
                until(lambda shift=shift: ask(port, 0.0)[1]["answers"][0]["value"] == shift)
        finally:
            over.set()
        for each in futures:
            shifts = each.result()
            assert shifts == sorted(shifts)  # never back to an older one
            assert {shifts[0], shifts[-1]} == {0.0, 10.0}


def test_a_version_that_cannot_be_loaded_leaves_the_old_one(tmp_path: Path) -> None:
    write(tmp_path / "m", 1)
    fake = Fake()
    with running(fake, tmp_path / "m") as port:
        write(tmp_path / "m", None)
        until(lambda: 'weftnet_model_loads_total{model="m",result="failed"} 1.0' in metrics(port))
        assert ask(port, 1.0)[1]["answers"] == [{"value": 2.0}]
        write(tmp_path / "m", 4)
        until(lambda: ask(port, 1.0)[1]["answers"] == [{"value": 5.0}])


SPOILT = {
    "deep": "[" * 100_000,
    "deep mapping": '{"a": ' * 50_000 + "1" + "}" * 50_000,
    "half": '{"status": "fin',
    "empty": "",
    "no mapping": "[]",
    "no status": "{}",
    "no text": "\udcff",
}


@pytest.mark.parametrize("text", SPOILT.values(), ids=SPOILT)
def test_a_run_that_cannot_be_read_is_said_and_leaves_the_old_one(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log once, with who answers; in health, metrics and facts until it is mended. Others are still watched."""
    finished = '{"status": "finished"}'
    write(tmp_path / "m" / "1", 1)
    write(tmp_path / "m" / "2", 2)
    manifest = tmp_path / "m" / "2" / "run.json"
    manifest.write_text(finished)
    with running(Fake(), tmp_path / "m") as port, caplog.at_level(logging.WARNING, "weftnet.serve"):
        assert ask(port, 0.0)[1]["version"] == "2"
        for version in ("2", "3", "²"):
            (tmp_path / "m" / version).mkdir(exist_ok=True)
            spoilt = finished if version == "²" else text
            (tmp_path / "m" / version / "run.json").write_text(spoilt, errors="surrogateescape")
            if version != "2":
                write(tmp_path / "m" / version, 9)
        until(lambda: 'weftnet_model_failed_versions{model="m"} 3.0' in metrics(port))
        assert ask(port, 0.0)[1] == {"model": "m", "version": "2", "answers": [{"value": 2.0}]}
        assert json.loads(get(port, "/health/ready")) == {"ready": True, "failed": {"m": ["2", "3", "²"]}}
        failed = json.loads(get(port, "/v1/models/m"))["failed"]
        assert failed["²"] == "is no number"
        assert str(tmp_path) not in str(failed)
        write(tmp_path / "m" / "4", 4)  # the watching goes on
        until(lambda: ask(port, 0.0)[1]["version"] == "4")
        for version in ("2", "3"):
            (tmp_path / "m" / version / "run.json").write_text(finished)
        shutil.rmtree(tmp_path / "m" / "²")
        until(lambda: 'weftnet_model_failed_versions{model="m"} 0.0' in metrics(port))
        assert ask(port, 0.0, "3")[1]["answers"] == [{"value": 9.0}]
        shutil.rmtree(tmp_path / "m" / "4")
        until(lambda: ask(port, 0.0)[1]["version"] == "3")
    said = [record.getMessage() for record in caplog.records]
    assert sum("m version 3 can't be loaded" in line for line in said) >= 1
    assert all(line.endswith("version 2 answers") for line in said[:3])
    assert len(said) < 10
    assert "m version 4 is gone; version 3 answers" in said


def spoilt_text(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "run.json").write_text(text, errors="surrogateescape")


SPOILERS: dict[str, Callable[[Path], object]] = {
    **{name: spoilt_text(text) for name, text in SPOILT.items()},
    "a link to nowhere": lambda folder: (folder / "run.json").symlink_to("gone"),
    "a folder": lambda folder: (folder / "run.json").mkdir(),
    "not loaded": lambda folder: write(folder, None),
    "an error nobody foresaw": lambda folder: (folder / "manifest.json").write_text("[]"),
}


@pytest.mark.parametrize("versions", [("1", "2"), ("2",)], ids=["beside a good one", "alone"])
@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_no_server_starts_with_a_version_that_cannot_be_read(
    spoil: Callable[[Path], object], versions: tuple[str, ...], tmp_path: Path
) -> None:
    """The older one would answer in its place; the error names its folder."""
    for version in versions:
        write(tmp_path / "m" / version, 1)
    spoil(tmp_path / "m" / "2")

    async def start() -> None:
        await Application([Place("m", tmp_path / "m")], Fake().load, Options()).service.repository.open()

    with pytest.raises(WeftnetError) as caught:
        asyncio.run(start())
    assert str(tmp_path / "m" / "2") in str(caught.value)


@pytest.mark.parametrize("error", [RecursionError("deep"), MemoryError(), KeyError("x")], ids=repr)
def test_no_error_of_a_load_ends_the_watching(tmp_path: Path, error: Exception) -> None:
    write(tmp_path / "m", 1)
    fake = Fake()
    load = fake.load

    def loading(folder: Path) -> Model:
        if json.loads((folder / "manifest.json").read_text())["shift"] == 2:
            raise error
        return load(folder)

    fake.load = loading  # type: ignore[method-assign]
    with running(fake, tmp_path / "m") as port:
        write(tmp_path / "m", 2)
        until(lambda: 'weftnet_model_failed_versions{model="m"} 1.0' in metrics(port))
        assert ask(port, 0.0)[1]["answers"] == [{"value": 1.0}]
        write(tmp_path / "m", 3)
        until(lambda: ask(port, 0.0)[1]["answers"] == [{"value": 3.0}])


def test_versions_come_and_go(tmp_path: Path) -> None:
    write(tmp_path / "m" / "1", 1)
    write(tmp_path / "m" / "9", 9)
    with running(Fake(), tmp_path / "m") as port:
        assert ask(port, 0.0)[1] == {"model": "m", "version": "9", "answers": [{"value": 9.0}]}
        assert ask(port, 0.0, "1")[1]["answers"] == [{"value": 1.0}]
        write(tmp_path / "m" / "10", 10)  # above 9, though not by spelling
        until(lambda: ask(port, 0.0)[1]["version"] == "10")
        shutil.rmtree(tmp_path / "m" / "1")
        until(lambda: ask(port, 0.0, "1")[0] != 200)
        status, document = ask(port, 0.0, "1")
        assert status == 404
        assert "has no version '1'" in document["error"]["what"]


def test_too_many_at_once_are_refused_and_the_others_answered(tmp_path: Path) -> None:
    write(tmp_path / "m", 0)
    fake = Fake()
    fake.go.clear()
    with running(fake, tmp_path / "m", queue=10, max_batch=4) as port, ThreadPoolExecutor(60) as pool:
        futures = [pool.submit(ask, port, float(number)) for number in range(60)]
        until(lambda: sum(each.done() for each in futures) >= 60 - 4 - 10)
        fake.go.set()
        replies = [each.result() for each in futures]
    statuses = [status for status, _ in replies]
    assert set(statuses) == {200, 503}
    assert 11 <= statuses.count(200) <= 14  # the queue, and the batch that went at once
    assert all(document["answers"] == [{"value": n}] for n, (status, document) in enumerate(replies) if status == 200)
    refused = next(document for status, document in replies if status == 503)
    assert refused["error"]["what"] == "the queue is full"


def test_an_answer_that_takes_too_long(tmp_path: Path) -> None:
    write(tmp_path / "m", 0)
    fake = Fake()
    fake.go.clear()
    with running(fake, tmp_path / "m", timeout=0.2) as port:
        status, document = ask(port, 1.0)
        assert status == 504
        assert document["error"]["what"] == "no answer in time"
        fake.go.set()
        until(lambda: ask(port, 2.0)[0] == 200)


def test_nothing_is_computed_for_a_client_that_hung_up(tmp_path: Path) -> None:
    write(tmp_path / "m", 0)
    fake = Fake()
    fake.go.clear()
    with running(fake, tmp_path / "m", max_batch=1) as port:
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(ask, port, 1.0)
            until(lambda: fake.rows)
            body = b'{"rows": [{"x": 7}]}'
            head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            head += b"Content-Length: %d\r\n\r\n"
            gone = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
            for each in gone:
                each.sendall(head % len(body) + body)
            until(lambda: 'weftnet_queue_rows{model="m"} 5.0' in metrics(port))
            for each in gone:
                each.close()
            until(lambda: 'weftnet_queue_rows{model="m"} 0.0' in metrics(port))
            fake.go.set()
            assert first.result() == (200, {"model": "m", "version": "1", "answers": [{"value": 1.0}]})
        assert fake.rows == 1  # theirs were never computed
        assert ask(port, 2.0)[0] == 200


def test_keys(tmp_path: Path) -> None:
    write(tmp_path / "m", 0)
    (tmp_path / "keys").write_text("# ours\n\nsesame-sesame-sesame\nanother-key-of-length\n")
    with running(Fake(), tmp_path / "m", keys=tmp_path / "keys", poll=60.0) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=30)

        def status(method: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
            connection.request(method, path, headers=headers)
            reply = connection.getresponse()
            return reply.status, reply.read()

        for path in ("/", "/health/live", "/health/ready", "/v2/health/live", "/metrics", "/openapi.json"):
            assert status("GET", path, {})[0] == 200
        for path in ("/v1/models", "/v1/models/m", "/v2", "/v2/models/m", "/nothing"):
            assert status("GET", path, {})[0] == 401
        for wrong in ({"X-API-Key": "sesame"}, {"Authorization": "Basic sesame-sesame-sesame"}, {"X-API-Key": ""}):
            assert status("GET", "/v1/models", wrong)[0] == 401
        for right in ({"X-API-Key": "sesame-sesame-sesame"}, {"Authorization": "Bearer another-key-of-length"}):
            assert status("GET", "/v1/models", right)[0] == 200
        write(tmp_path / "m", 3)
        code, content = status("POST", "/admin/reload", {"X-API-Key": "sesame-sesame-sesame"})
        assert (code, json.loads(content)["loaded"]) == (200, ["m/1"])
        connection.close()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)], ids=["SIGTERM", "SIGINT"]
)
def test_a_stop_under_load_finishes_accepted_requests(number: int, tmp_path: Path, shapes: Run) -> None:
    """Every client on an open connection is answered until a reply closes the connection; then it may go."""
    answered, cut = [0] * 12, []
    row = {"length": 1.0, "width": 2.0, "colour": "red"}

    with serving(str(shapes.folder), "--engine", "torch", home=tmp_path) as server:
        open_ones = [HTTPConnection(server.host, server.port, timeout=60) for _ in answered]

        def client(which: int) -> None:
            connection, last = open_ones[which], time.monotonic()
            while True:
                sent = time.monotonic()
                try:
                    body = json.dumps({"rows": [row] * 15})
                    connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
                    reply = connection.getresponse()
                    assert reply.status == 200
                    assert len(json.loads(reply.read())["answers"]) == 15
                except (OSError, AssertionError) as error:
                    if sent - last < LINGER:  # else it was idle for long: on a busy machine it may not get its turn
                        cut.append(error)
                    return
                last = time.monotonic()
                answered[which] += 1
                if reply.getheader("connection") == "close":
                    return

        with ThreadPoolExecutor(12) as pool:
            futures = [pool.submit(client, which) for which in range(12)]
            until(lambda: min(answered) >= 3 or cut, 60)
            assert server.stop(number) == 0
            for each in futures:
                each.result()
        for connection in open_ones:
            connection.close()
    assert not cut


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return table_run(tmp_path_factory.mktemp("life") / "shapes")
