"""Requests a second and latency of a small CNN: weftnet serve, plain FastAPI with the same ONNX model, and LitServe.

    python benchmarks/serving.py [--rounds 3] [--seconds 4]

All three get the same requests, one 28×28 image in base64 as JSON, and answer with label and probabilities; every
answer's label is compared with the run's. The load generator is a process of its own that parses next to nothing and
shares the two cores with the server. The servers take turns, and each round begins with another one, so that other load
on the machine affects all of them; wall time is reported with the processor time that a request cost its server, which
a busy machine changes less. LitServe is measured if it is installed.
"""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import _report
import numpy as np
from _report import Report, arguments, start
from PIL import Image

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.data import open_data
from weftnet.export import write
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

PARTS = Path(__file__).parent / "serving_parts"
CONCURRENCY = (1, 8, 64)
GOALS = {1: 1.0, 8: 1.0, 64: 2.0}
"""Requests/s as a multiple of plain FastAPI's, by the number of clients at once."""


def prepare(folder: Path) -> None:
    """A small CNN, briefly trained on noise; its export, and the requests with their labels."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (600, 28, 28)).astype(np.uint8)
    np.savez(folder / "data.npz", x=images, y=random.integers(0, 10, 600))
    data = open_data(folder / "data.npz")
    task = TASKS.get("classification").from_data(data)
    blocks: list[Block] = []
    for channels in (32, 64, 64):
        blocks += [Block("conv2d", {"channels": channels, "kernel": 3, "padding": "same"}), Block("relu")]
        blocks += [Block("max_pool2d")] if channels < 64 or len(blocks) < 6 else []
    blocks += [Block("flatten"), Block("dense", {"dim": 64}), Block("relu")]
    loaded = load(fit(Architecture.of(Chain(tuple(blocks))), task, data, Recipe(steps=30), folder / "run"))
    write(loaded, folder / "run" / "export" / "onnx")
    kind = loaded.preprocessing.state()["columns"]["x"]
    labels = loaded.task.settings()["labels"]
    settings = {"shift": kind["shift"][0], "scale": kind["scale"][0], "labels": labels}
    (folder / "settings.json").write_text(json.dumps(settings))
    cases = []
    for image, answer in zip(images, loaded.predict({"x": images[:64]}), strict=False):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "png")
        row = {"image": base64.b64encode(file.getvalue()).decode()}
        cases.append({"body": {"rows": [row]}, "expected": f'"label":"{answer["label"]}"'})
    (folder / "cases.json").write_text(json.dumps(cases))


def commands(folder: Path) -> dict[str, list[str]]:
    """The command of each server, with PORT in place of its port."""
    python = sys.executable
    serve = [python, "-c", "from weftnet.cli import main; main()", "serve", f"m={folder / 'run'}", "--port", "PORT"]
    plain = [python, "-m", "uvicorn", "plain:app", "--port", "PORT", "--log-level", "error", "--no-access-log"]
    servers = {
        "weftnet serve": serve,
        "plain FastAPI": plain,
        "plain FastAPI, one thread": ["env", "THREADS=1", *plain],
    }
    if find_spec("litserve"):
        servers["LitServe"] = [python, "lit.py", "PORT"]
    return servers


class Running:
    """A server in a process group of its own."""

    def __init__(self, command: list[str], folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        model = folder / "run" / "export" / "onnx" / "model.onnx"
        environment = os.environ | {"MODEL": str(model), "SETTINGS": str(folder / "settings.json")}
        self.process = subprocess.Popen(
            [part.replace("PORT", str(self.port)) for part in command],
            cwd=PARTS, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        body = json.dumps(json.loads((folder / "cases.json").read_text())[0]["body"]).encode()
        end = time.monotonic() + 60
        while True:
            ask = urllib.request.Request(
                f"http://127.0.0.1:{self.port}/predict", body, {"Content-Type": "application/json"}
            )
            try:
                urllib.request.urlopen(ask, timeout=5).read()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.2)

    def processor(self) -> float:
        """Seconds of processor time of the whole group."""
        total = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def signal(self, number: int) -> None:
        """Signal the whole group: servers not being measured are stopped, since LitServe's workers keep polling."""
        os.killpg(self.process.pid, number)

    def stop(self) -> None:
        for number in (signal.SIGCONT, signal.SIGTERM):
            self.signal(number)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        with suppress(ProcessLookupError):  # LitServe leaves children behind
            os.killpg(self.process.pid, signal.SIGKILL)


def measure(server: Running, folder: Path, concurrency: int, seconds: float) -> dict[str, Any]:
    """One measurement under load."""
    command = [sys.executable, "client.py", "127.0.0.1", str(server.port), "/predict", str(folder / "cases.json")]
    server.signal(signal.SIGCONT)
    before = server.processor()
    done = subprocess.run(
        [*command, str(concurrency), str(seconds)], cwd=PARTS, capture_output=True, text=True, check=True, timeout=120
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    server.signal(signal.SIGSTOP)
    figures["processor"] = round((server.processor() - before) / figures["requests"] * 1000, 3)
    return figures


def add_turn(report: Report, turn: dict[str, dict[str, Any]], concurrency: int) -> None:
    """Report the figures of one turn, and the ratios of weftnet's to the others'."""
    at, least, ours = f"{concurrency} at once", GOALS[concurrency], turn["weftnet serve"]
    for name, figures in turn.items():
        faults = {"errors": figures["errors"] + figures["wrong"]}
        report.add(f"{name}, {at}", "requests/s", figures["rate"], digits=0, **{"p50 ms": figures["p50"]}, **faults)
        report.add(f"{name}, {at}", "p99, ms", figures["p99"], digits=1)
        report.add(f"{name}, {at}", "ms of processor a request", figures["processor"], digits=3)
    for name, figures in turn.items():
        if name != "weftnet serve":
            pair, goals = f"weftnet / {name}, {at}", "FastAPI" in name
            faster = {"goal": f"≥ {least:g}", "met": lambda mean: mean >= least} if goals else {}
            sooner = {"goal": "≤ 1", "met": lambda mean: mean <= 1} if goals else {}
            report.add(pair, "ratio of requests/s", ours["rate"] / figures["rate"], digits=2, **faster)
            report.add(pair, "ratio of p99", ours["p99"] / figures["p99"], digits=2, **sooner)
            report.add(pair, "ratio of processor time", ours["processor"] / figures["processor"], digits=2)


def main() -> None:
    parser = arguments(__doc__ or "", rounds=3, seconds=4)
    args = start(parser, needs_data=False)
    note = (
        "257 k parameters, requests of one 28×28 image as PNG in base64. Load from one process on the same two cores. "
        "Plain FastAPI is measured with the default number of threads for the model, and with one. "
        "errors counts answers other than 200 and wrong labels. Processor time is what a request cost its server."
    )
    note += "" if find_spec("litserve") else " LitServe is not installed and is left out."
    _report.PACKAGES += ("fastapi", "uvicorn", "onnxruntime", "litserve")
    report = Report("serving", "Serving a small CNN on two cores", args, note)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        servers = {name: Running(command, folder) for name, command in commands(folder).items()}
        try:
            for server in servers.values():
                measure(server, folder, 8, 1)  # warm
            order = list(servers)
            for _ in range(args.rounds):
                for concurrency in CONCURRENCY:
                    turn = {name: measure(servers[name], folder, concurrency, args.seconds) for name in order}
                    add_turn(report, turn, concurrency)
                order.append(order.pop(0))
        finally:
            for server in servers.values():
                server.stop()


if __name__ == "__main__":
    main()
