"""Nothing that was taken is lost: over a reload, a stop, a client that hangs up; and nothing grows without bound."""

import asyncio
import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from serve_fakes import serving, table_run

from netloom.data.fields import Field
from netloom.errors import DamagedCheckpoint
from netloom.run import Run
from netloom.serve.app import Application
from netloom.serve.model import Model
from netloom.serve.options import Options
from netloom.serve.repository import Place
from netloom.serve.server import Server, listening

FIELDS = (Field("x", "number", "number", "table", False),)


class Fake:
    """A model that answers x with x + shift, slowly if it is told so; counts what it works on."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.rows, self.go = seconds, 0, threading.Event()
        self.go.set()

    def load(self, folder: Path) -> Model:
        shift = json.loads((folder / "manifest.json").read_text())["shift"]
        if shift is None:
            raise DamagedCheckpoint("is damaged", where=str(folder))

        def run(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
            self.rows += len(raw["x"])
            assert self.go.wait(20)
            time.sleep(self.seconds)
            return [{"value": x + shift} for x in raw["x"]]

        return Model(folder, "fake", FIELDS, run, {"name": "regression", "settings": {}})


def write(folder: Path, shift: int | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "new.json").write_text(json.dumps({"shift": shift}))
    os.replace(folder / "new.json", folder / "manifest.json")


@contextmanager
def running(fake: Fake, place: Path, **options: Any) -> Iterator[int]:
    """The server in a thread; its port."""
    given = Options(port=0, **({"poll": 0.05, "timeout": 10.0} | options))
    ports: list[int] = []
    loops: list[tuple[asyncio.AbstractEventLoop, Server]] = []

    async def main() -> None:
        app = Application([Place("m", place)], fake.load, given)
        await app.service.repository.open()
        server = Server(app, given)
        loops.append((asyncio.get_running_loop(), server))
        bound = listening(given)
        serving = asyncio.ensure_future(server.serve(sockets=[bound]))
        while not server.started:
            await asyncio.sleep(0.005)
        ports.append(bound.getsockname()[1])
        await serving

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    while not ports:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield ports[0]
    finally:
        fake.go.set()
        loops[0][1].should_exit = True
        thread.join(30)
        assert not thread.is_alive()


def ask(port: int, x: float, version: str = "", connection: HTTPConnection | None = None) -> tuple[int, Any]:
    own = connection or HTTPConnection("127.0.0.1", port, timeout=30)
    path = "/v1/models/m/" + (f"versions/{version}/" if version else "") + "predict"
    own.request("POST", path, json.dumps({"rows": [{"x": x}]}), {"Content-Type": "application/json"})
    reply = own.getresponse()
    document = json.loads(reply.read())
    if connection is None:
        own.close()
    return reply.status, document


def test_a_reload_under_load_loses_nothing(tmp_path: Path) -> None:
    """Eight clients ask all the time while the model is replaced ten times; every answer is of one version, whole."""
    write(tmp_path / "m", 0)
    fake, over = Fake(0.001), threading.Event()

    def client(port: int) -> list[float]:
        connection, shifts = HTTPConnection("127.0.0.1", port, timeout=30), []
        while not over.is_set():
            status, document = ask(port, 5.0, connection=connection)
            assert status == 200, document
            shifts.append(document["answers"][0]["value"] - 5.0)
        connection.close()
        return shifts

    with running(fake, tmp_path / "m") as port, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(client, port) for _ in range(8)]
        for shift in range(1, 11):
            write(tmp_path / "m", shift)
            end = time.monotonic() + 10
            while ask(port, 0.0)[1]["answers"][0]["value"] != shift:
                assert time.monotonic() < end
        over.set()
        for each in asked:
            shifts = each.result()
            assert shifts == sorted(shifts)  # never back to an older one
            assert {shifts[0], shifts[-1]} == {0.0, 10.0}


def test_a_version_that_cannot_be_loaded_leaves_the_old_one(tmp_path: Path) -> None:
    write(tmp_path / "m", 1)
    fake = Fake()
    with running(fake, tmp_path / "m") as port:
        write(tmp_path / "m", None)
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        while 'netloom_model_loads_total{model="m",result="failed"} 1.0' not in metrics(connection):
            time.sleep(0.02)
        assert ask(port, 1.0)[1]["answers"] == [{"value": 2.0}]
        write(tmp_path / "m", 4)
        while ask(port, 1.0)[1]["answers"] != [{"value": 5.0}]:
            time.sleep(0.02)
        connection.close()


def metrics(connection: HTTPConnection) -> str:
    connection.request("GET", "/metrics")
    return connection.getresponse().read().decode()


def test_versions_come_and_go(tmp_path: Path) -> None:
    write(tmp_path / "m" / "1", 1)
    write(tmp_path / "m" / "9", 9)
    with running(Fake(), tmp_path / "m") as port:
        assert ask(port, 0.0)[1] == {"model": "m", "version": "9", "answers": [{"value": 9.0}]}
        assert ask(port, 0.0, "1")[1]["answers"] == [{"value": 1.0}]
        write(tmp_path / "m" / "10", 10)  # above 9, though not by spelling
        while ask(port, 0.0)[1]["version"] != "10":
            time.sleep(0.02)
        shutil.rmtree(tmp_path / "m" / "1")
        while ask(port, 0.0, "1")[0] == 200:
            time.sleep(0.02)
        status, document = ask(port, 0.0, "1")
        assert status == 404
        assert "has no version '1'" in document["error"]["what"]


def test_too_many_at_once_are_refused_and_the_others_answered(tmp_path: Path) -> None:
    write(tmp_path / "m", 0)
    fake = Fake()
    fake.go.clear()
    with running(fake, tmp_path / "m", queue=10, max_batch=4) as port, ThreadPoolExecutor(60) as pool:
        asked = [pool.submit(ask, port, float(number)) for number in range(60)]
        while sum(each.done() for each in asked) < 60 - 4 - 10:
            time.sleep(0.01)
        fake.go.set()
        found = [each.result() for each in asked]
    statuses = [status for status, _ in found]
    assert set(statuses) == {200, 503}
    assert 11 <= statuses.count(200) <= 14  # the queue, and the batch that went at once
    assert all(document["answers"] == [{"value": n}] for n, (status, document) in enumerate(found) if status == 200)
    refused = next(document for status, document in found if status == 503)
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
        while ask(port, 2.0)[0] != 200:
            time.sleep(0.02)


def test_nothing_works_for_a_client_that_hung_up(tmp_path: Path) -> None:
    write(tmp_path / "m", 0)
    fake = Fake()
    fake.go.clear()
    with running(fake, tmp_path / "m", max_batch=1) as port:
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(ask, port, 1.0)
            while fake.rows < 1:
                time.sleep(0.005)
            body = b'{"rows": [{"x": 7}]}'
            head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            waiting = HTTPConnection("127.0.0.1", port, timeout=30)
            gone = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
            for each in gone:
                each.sendall(head % len(body) + body)
            while 'netloom_queue_rows{model="m"} 5.0' not in metrics(waiting):
                time.sleep(0.01)
            for each in gone:
                each.close()
            while 'netloom_queue_rows{model="m"} 0.0' not in metrics(waiting):
                time.sleep(0.01)
            waiting.close()
            fake.go.set()
            assert first.result() == (200, {"model": "m", "version": "1", "answers": [{"value": 1.0}]})
        assert fake.rows == 1  # theirs were never worked on
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
def test_a_stop_under_load_finishes_what_was_taken(number: int, tmp_path: Path, shapes: Run) -> None:
    """Every client on an open connection is answered until it is told that the connection ends; then it may go."""
    answered, cut = [0] * 12, []
    row = {"length": 1.0, "width": 2.0, "colour": "red"}

    with serving(str(shapes.folder), "--engine", "torch", home=tmp_path) as server:
        open_ones = [HTTPConnection(server.host, server.port, timeout=60) for _ in answered]

        def client(which: int) -> None:
            connection = open_ones[which]
            while True:
                try:
                    body = json.dumps({"rows": [row] * 15})
                    connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
                    reply = connection.getresponse()
                    assert reply.status == 200
                    assert len(json.loads(reply.read())["answers"]) == 15
                except (OSError, AssertionError) as error:
                    cut.append(error)
                    return
                answered[which] += 1
                if reply.getheader("connection") == "close":
                    return

        with ThreadPoolExecutor(12) as pool:
            asked = [pool.submit(client, which) for which in range(12)]
            while min(answered) < 3 and not cut:
                time.sleep(0.01)
            assert server.stop(number) == 0
            for each in asked:
                each.result()
        for connection in open_ones:
            connection.close()
    assert not cut


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return table_run(tmp_path_factory.mktemp("life") / "shapes")
