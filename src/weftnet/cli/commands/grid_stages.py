"""The stages of the grid: one task with one network through all of them, by the commands that a person uses.

A stage raises where it fails; what it returns is a note. Answers are compared: those of the exported runner, in a
process of its own, and those that the server gives over HTTP, with those of `predict`.
"""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import numpy as np

from weftnet.answer.manifest import SeriesFacts, read_manifest
from weftnet.answer.rows import read
from weftnet.architecture.spec import Architecture, to_yaml
from weftnet.base import tensors
from weftnet.base.answers import forms
from weftnet.cli._app import app
from weftnet.contract._near import near
from weftnet.data import Data
from weftnet.data.fields import Field
from weftnet.data.wires import NumbersWire
from weftnet.errors import WeftnetError
from weftnet.run.contents import task_of
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import Example
from weftnet.tasks._schema import answer_schema
from weftnet.train import Recipe, fit
from weftnet.train.listeners._listener import Listener

#: said by `compress` with status 1: all were measured, and refused with the reason of each
_REFUSED = "nothing is smaller and faster"
#: rows that a client asks at once, and the seconds that it waits
_ASKED, _PATIENCE = 32, 60


class Broken(WeftnetError):
    """A stage ran, and what it gave is wrong."""


class _Stop(Listener):
    """Ctrl-C at the first evaluation."""

    def after_evaluation(self, line: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)


@dataclass
class Row:
    """One task with one network, in a folder of its own.

    Args:
        task: its name.
        family: of the network.
        architecture: without the task's head.
        example: of the task.
        recipe: fields of a recipe; `steps` among them.
        data: the example's, opened.
        home: the folder.
    """

    task: str
    family: str
    architecture: Architecture
    example: Example
    recipe: Mapping[str, Any]
    data: Data
    home: Path

    @property
    def run(self) -> Path:
        """The trained run."""
        return self.home / "run" / "net-seed0"

    def check(self) -> str:
        """Its cost."""
        about = ("--data", self.example.source, *self._target(), *self._options(), "--task", self.task)
        weftnet("check", self._written(), *about, "--no-time")
        return ""

    def train(self, *more: object, out: str = "run") -> str:
        """A run by the command line."""
        fields = [f"--set={name}={json.dumps(value)}" for name, value in self.recipe.items() if name != "steps"]
        settings = [f"--task-set={name}={json.dumps(value)}" for name, value in self.example.settings.items()]
        weftnet(
            "fit", self.example.source, *self._target(), "--arch", self._written(), "--task", self.task, "--jobs", 1,
            "--steps", self.recipe["steps"], *fields, *settings, *self._options(), "--out", self.home / out, *more,
        )  # fmt: skip
        return ""

    def resume(self) -> str:
        """Stopped and resumed it has the same weights, bit for bit."""
        whole, folder = Run.open(self.run), self.home / "stopped"
        task, recipe = task_of(whole), Recipe.from_dict(whole.json("recipe.json"))
        with redirect_stdout(StringIO()):
            stopped = fit(self.architecture, task, self.data, recipe, folder, listeners=[_Stop()])
        if stopped.status != "stopped":
            raise Broken("could not be stopped", got=stopped.status)
        weftnet("resume", folder)
        files = [tensors.load(run / "weights.safetensors") for run in (self.run, folder)]
        if any(not bool((values == files[1][name]).all()) for name, values in files[0].items()):
            raise Broken("the resumed run has other weights")
        return ""

    def start(self) -> str:
        """Another run that starts from it."""
        return self.train("--start", self.run, out="started")

    def predict(self) -> str:
        """Answers to the example's question."""
        return f"{len(self._predicted())} answers"

    def explain(self) -> str:
        """An explanation of a row."""
        row = int(self.data.rows("validation")[0]) + 1
        weftnet("explain", self.run, "--row", row, "--checks", 2)
        return ""

    def report(self) -> str:
        """The page."""
        page = self.home / "report.html"
        weftnet("report", self.run, "--out", page)
        return f"{page.stat().st_size:,} bytes"

    def compress(self) -> str:
        """A smaller run, or the measured reasons against all of them."""
        printed = weftnet("compress", self.run, "--budget", "2s", "--out", self.home / "small")
        return "all were measured, and refused" if _REFUSED in printed else "smaller and faster"

    def export(self) -> str:
        """An export that agrees with the run, and whose runner answers what `predict` answers."""
        folder = self.home / "exported"
        weftnet("export", self.run, "--out", folder)
        facts = read_manifest(folder)
        if not facts.answers:
            return f"the networks alone: no runner, {facts.because.removeprefix('not applicable, ')}"
        self._same([json.loads(line) for line in _run(folder / "runner", self._question).splitlines()])
        return "its runner's answers are those of predict"

    def serve(self) -> str:
        """The server, which answers over HTTP what `predict` answers."""
        loaded = load(self.run)
        fields = loaded.preprocessing.fields
        columns, _ = read(self._question, fields, SeriesFacts.of(loaded.run.json("data.json")["options"]))
        cells = [[_json(value, field) for value in columns[field.name]] for field in fields]
        rows = [dict(zip((field.name for field in fields), row, strict=True)) for row in zip(*cells, strict=True)]
        self._same(served(self.run, rows[:_ASKED]))
        return "the answers over HTTP are those of predict"

    def _predicted(self) -> list[dict[str, Any]]:
        """What `predict` answers; asked once."""
        out = self.home / "answers.jsonl"
        if not out.exists():
            weftnet("predict", self.run, self._question, "--out", out)
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]

    def _same(self, answers: Sequence[Mapping[str, Any]]) -> None:
        """Compare answers with the first that `predict` gives, without the names of their examples.

        Raises:
            Broken: one is another.
        """
        expected, names = self._predicted(), forms(answer_schema(self.task))
        if not 0 < len(answers) <= len(expected):
            raise Broken("answers are missing", expected=str(len(expected)), got=str(len(answers)))
        for got, want in zip(answers, expected, strict=False):
            one, other = ({name: answer[name] for name in names if name in answer} for answer in (got, want))
            if not near(one, other):
                raise Broken("an answer is another than predict's", expected=str(other)[:200], got=str(one)[:200])

    @property
    def _question(self) -> Path:
        return self.example.question or self.example.source

    def _options(self) -> list[str]:
        """Of the data, but for the target."""
        about = {name: value for name, value in self.example.options.items() if name not in ("target", "kinds")}
        kinds = self.example.options.get("kinds", {}).items()
        return [f"--kind={name}={json.dumps(value)}" for name, value in kinds] + [
            f"--data-set={name}={json.dumps(value)}" for name, value in about.items()
        ]

    def _target(self) -> Sequence[str]:
        target = self.example.options.get("target", [])
        return [f"--target={name}" for name in ([target] if isinstance(target, str) else target)]

    def _written(self) -> Path:
        path = self.home / "net.yaml"
        path.write_text(to_yaml(self.architecture), encoding="utf-8")
        return path


def weftnet(*command: object) -> str:
    """Run a command in this process; what it printed.

    Raises:
        WeftnetError: it failed.
        Broken: it ended with a status other than 0.
    """
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(printed):
        status = app([str(word) for word in command], standalone_mode=False)
    if status and _REFUSED not in printed.getvalue():
        raise Broken(f"ended with status {status}", got=printed.getvalue()[-300:])
    return printed.getvalue()


def served(run: Path, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The answers to rows by a server of a run on a free port, which is stopped afterwards as by Ctrl-C.

    Raises:
        WeftnetError: it can't be served.
        Broken: the server refused the rows, or its stop.
    """
    from weftnet.serve.app import Application
    from weftnet.serve.loading import load as load_model
    from weftnet.serve.options import Options
    from weftnet.serve.places import Place
    from weftnet.serve.server import run as run_server

    options, replies = Options(port=0), list[tuple[int, bytes]]()

    def ask(address: str) -> None:
        try:
            replies.append(_post(f"{address}/predict", {"rows": rows}))
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    app = Application([Place("net", run)], partial(load_model, options=options), options)
    asking: list[Thread] = []

    def on_start(address: str) -> None:
        asking.append(Thread(target=ask, args=(address,)))
        asking[0].start()

    finished = run_server(app, options, on_start)
    for thread in asking:
        thread.join()
    status, body = replies[0] if replies else (0, b"no reply")
    if status != 200 or not finished:
        raise Broken("the server did not answer", got=f"status {status}: {body.decode()[:300]}")
    answers: list[dict[str, Any]] = json.loads(body)["answers"]
    return answers


def _post(address: str, document: Mapping[str, Any]) -> tuple[int, bytes]:
    """Send JSON; the status and body of the reply."""
    request = Request(address, json.dumps(document).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=_PATIENCE) as reply:
            return int(reply.status), bytes(reply.read())
    except HTTPError as error:
        return error.code, error.read()
    except URLError as error:
        return 0, str(error.reason).encode()


def _run(runner: Path, question: Path) -> str:
    """What an exported runner prints, in a process of its own.

    Raises:
        Broken: it failed.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, str(runner), str(question)], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise Broken("the exported runner failed", got=done.stderr[-300:])
    return done.stdout


def _json(value: Any, field: Field) -> Any:
    """A raw value as a client would send it."""
    if isinstance(value, Path):
        return base64.b64encode(value.read_bytes()).decode()
    if field.steps and isinstance(field.wire, NumbersWire):  # cut from the cells of a table, which are words
        return [float(each) for each in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
