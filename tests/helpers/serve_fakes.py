"""Runs to serve, a server in a process of its own, and a client that sees every byte."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.architecture.spec import Architecture, Block, Chain, Node
from weftnet.data import open_data
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

WORDS = "good fine great lovely bad poor awful dull film plot actor scene the a was and".split()  # noqa: SIM905


def image_run(folder: Path, seed: int = 0) -> Run:
    """A small network on the embedded digits."""
    blocks = (
        Block("conv2d", {"channels": 4, "kernel": 3}),
        Block("relu"),
        Block("flatten"),
        Block("dense", {"dim": 8}),
    )
    return _fitted(open_data("digits"), "classification", blocks, folder, seed)


def normed_run(folder: Path, plans: Sequence[Mapping[str, bool]]) -> Run:
    """A network with a norm behind a convolution, and plans for answers to one row and to many."""
    blocks = (Block("conv2d", {"channels": 4}), Block("batch_norm2d"), Block("relu"), Block("max_pool2d"))
    run = _fitted(open_data("digits"), "classification", (*blocks, Block("flatten")), folder, 0)
    sizes = [{"batch": size, "source": "given", "plan": dict(plan)} for size, plan in zip((1, 64), plans, strict=True)]
    run.record(answers={"threads": 1, "seconds": 0.0, "sizes": sizes})
    return run


def table_run(folder: Path, task: str = "classification", seed: int = 0) -> Run:
    """Numbers with gaps, and words."""
    random = np.random.default_rng(seed)
    lines = ["length,width,colour,target"]
    for number in range(200):
        length, width = random.normal(5, 2), random.normal(1, 0.3)
        colour = random.choice(["red", "green", "blue"])
        kind = ("long" if length > 5 else "short") if task == "classification" else f"{3 * length + width:.3f}"
        gap = number % 17 == 0
        lines.append(f"{'' if gap else f'{length:.3f}'},{width:.3f},{colour},{kind}")
    path = folder.with_suffix(".csv")
    path.write_text("\n".join(lines) + "\n")
    data = open_data(path, target="target")
    return _fitted(data, task, (Block("dense", {"dim": 8}), Block("relu")), folder, seed)


def text_run(folder: Path, seed: int = 0) -> Run:
    """Sentences of unequal lengths."""
    random = np.random.default_rng(seed)
    lines = ["review,target"]
    for _ in range(200):
        words = random.choice(WORDS, random.integers(1, 14))
        lines.append(f"{' '.join(words)},{'up' if 'good' in words or 'great' in words else 'down'}")
    path = folder.with_suffix(".csv")
    path.write_text("\n".join(lines) + "\n")
    data = open_data(path, target="target", kinds={"review": "text"})
    blocks = (Block("embedding", {"dim": 6}), Block("lstm", {"dim": 5}), Block("global_average_pool1d"))
    return _fitted(data, "classification", blocks, folder, seed)


def series_run(folder: Path) -> Run:
    """Two series of numbers, of which one is forecast by both."""
    random, steps = np.random.default_rng(0), np.arange(160)
    load = 1500 + 300 * np.sin(2 * np.pi * steps / 12) + random.normal(0, 20, 160)
    heat = 10 + 5 * np.cos(2 * np.pi * steps / 12) + random.normal(0, 0.3, 160)
    path = folder.with_suffix(".csv")
    path.write_text("load,heat\n" + "".join(f"{a:.2f},{b:.3f}\n" for a, b in zip(load, heat, strict=True)))
    data = open_data(path, target="load", context=12, horizon=4)
    return _fitted(data, "forecasting", (Block("flatten"), Block("dense", {"dim": 8})), folder, 0)


def house_run(folder: Path) -> Run:
    """Prices of six digits in euros, with a date and a town."""
    random = np.random.default_rng(0)
    lines = ["area,town,built,price"]
    for number in range(200):
        area, town = random.integers(40, 161), random.choice(["Bonn", "Trier"])
        day = np.datetime64("2015-01-01") + 9 * number
        lines.append(f"{area},{town},{day},€{3000 * area + 50_000 * (town == 'Bonn') + random.integers(900)}")
    path = folder.with_suffix(".csv")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = open_data(path, target="price")
    return _fitted(data, "regression", (Block("dense", {"dim": 8}), Block("relu")), folder, 0)


def writing_run(folder: Path) -> Run:
    """A language model of one sentence."""
    path = folder.with_suffix(".txt")
    path.write_text("the cat sat on a mat. " * 60, encoding="utf-8")
    blocks = (Block("embedding", {"dim": 8}), Block("gru", {"dim": 12}))
    return _fitted(open_data(path, context=16), "language_model", blocks, folder, 0)


def _fitted(data: Any, task: str, blocks: Sequence[Node], folder: Path, seed: int) -> Run:
    made = TASKS.get(task).from_data(data)
    return fit(Architecture.of(Chain(tuple(blocks))), made, data, Recipe(steps=25, seed=seed), folder)


class Client:
    """Asks a server on 127.0.0.1.

    Args:
        port: of the server.
    """

    def __init__(self, port: int) -> None:
        self.host, self.port = "127.0.0.1", port

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON (or bytes) of an answer."""
        connection = HTTPConnection(self.host, self.port, timeout=60)
        try:
            content_type = {} if body is None or isinstance(body, bytes) else {"Content-Type": "application/json"}
            sent = body if isinstance(body, bytes) or body is None else json.dumps(body)
            connection.request(method, path, sent, content_type | (headers or {}))
            reply = connection.getresponse()
            content = reply.read()
            reply_headers = {name.lower(): value for name, value in reply.getheaders()}
        finally:
            connection.close()
        is_json = reply_headers.get("content-type") == "application/json"
        return reply.status, reply_headers, json.loads(content) if is_json else content

    def predict(self, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        status, _, document = self.ask("POST", f"/v1/models/{name}/predict", {"rows": rows})
        assert status == 200, document
        return document["answers"]

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=60)


class Server(Client):
    """`weftnet serve` in a process of its own, on a free port of 127.0.0.1."""

    def __init__(self, *arguments: str, home: Path) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": "1", "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
        command = [sys.executable, "-c", "from weftnet.cli import main; main()", "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
        self.lines: list[str] = []
        addresses: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(addresses,), daemon=True)
        self._reader.start()
        try:
            super().__init__(int(addresses.get(timeout=90).rpartition(":")[2]))
        except (queue.Empty, ValueError):
            self.process.kill()
            raise RuntimeError("the server did not start:\n" + "".join(self.lines)) from None

    def _read(self, addresses: "queue.Queue[str]") -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("serving at"):
                addresses.put(line.strip())
        addresses.put("ended")

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(60)
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def serving(*arguments: str, home: Path) -> Iterator[Server]:
    server = Server(*arguments, home=home)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
