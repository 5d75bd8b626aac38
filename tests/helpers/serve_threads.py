"""A server in a thread of the test, and a model that is as slow as the test wants it."""

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from weftnet.data.fields import Field
from weftnet.data.wires import NumberWire
from weftnet.errors import DamagedCheckpoint
from weftnet.run.facts import TaskFacts
from weftnet.serve.app import Application
from weftnet.serve.model import Model
from weftnet.serve.options import Options
from weftnet.serve.places import Place
from weftnet.serve.server import Server, listening

FIELDS = (Field("x", "number", NumberWire(), "table", False),)


class Fake:
    """A model that answers x with x + shift, as slowly as the test wants; counts the rows it computed."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.rows, self.go = seconds, 0, threading.Event()
        self.go.set()

    def load(self, folder: Path) -> Model:
        shift = json.loads((folder / "manifest.json").read_text())["shift"]
        if shift is None:
            raise DamagedCheckpoint("is damaged", where=str(folder))

        def run(raw: Mapping[str, Any], options: Mapping[str, Any]) -> list[dict[str, Any]]:
            self.rows += len(raw["x"])
            assert self.go.wait(30)
            time.sleep(self.seconds)
            return [{"value": float(x) + shift} for x in raw["x"]]

        return Model(folder, "fake", FIELDS, run, TaskFacts("regression"))


def write(folder: Path, shift: int | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "new.json").write_text(json.dumps({"shift": shift}))
    os.replace(folder / "new.json", folder / "manifest.json")


def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait for something that has to come about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


@contextmanager
def started(fake: Fake, place: Path, **options: Any) -> Iterator[tuple[int, Server]]:
    """The server in a thread; its port, and itself."""
    settings = Options(port=0, **({"poll": 0.05, "timeout": 10.0} | options))
    servers: list[tuple[int, Server]] = []

    async def main() -> None:
        app = Application([Place("m", place)], fake.load, settings)
        await app.service.repository.open()
        server = Server(app, settings)
        bound = listening(settings)
        serving = asyncio.ensure_future(server.serve(sockets=[bound]))
        while not server.started:
            await asyncio.sleep(0.005)
        servers.append((bound.getsockname()[1], server))
        await serving

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    until(lambda: servers or not thread.is_alive())
    try:
        yield servers[0]
    finally:
        fake.go.set()
        servers[0][1].should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@contextmanager
def running(fake: Fake, place: Path, **options: Any) -> Iterator[int]:
    """The server in a thread; its port."""
    with started(fake, place, **options) as (port, _):
        yield port


def ask(port: int, x: float, version: str = "", connection: HTTPConnection | None = None) -> tuple[int, Any]:
    own = connection or HTTPConnection("127.0.0.1", port, timeout=30)
    path = "/v1/models/m/" + (f"versions/{version}/" if version else "") + "predict"
    own.request("POST", path, json.dumps({"rows": [{"x": x}]}), {"Content-Type": "application/json"})
    reply = own.getresponse()
    document = json.loads(reply.read())
    if connection is None:
        own.close()
    return reply.status, document


def metrics(port: int) -> str:
    return get(port, "/metrics")


def get(port: int, path: str) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text
