"""pytest in children of a process that has the large libraries imported, so that each starts within a second.

A child has a limit of processor time: it measures the code, however busy the machine is. The limit of wall time is
wide, for those that wait for ever.
"""

import importlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

#: imported once, before the first child
WARM = (
    "torch", "torch._dynamo", "torch.export", "torch.utils.flop_counter", "torch.testing", "numpy", "scipy.stats",
    "sklearn.datasets", "hypothesis.strategies", "pyarrow.parquet", "pyarrow.csv", "pydantic", "rich.console",
    "rich.table", "typer.testing", "safetensors.torch", "jaxtyping", "beartype", "PIL.Image", "yaml", "onnx",
    "onnxruntime", "captum.attr", "starlette.testclient", "uvicorn",
)  # fmt: skip
GRACE = 10
OPTIONS = (
    "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:faulthandler",
    "-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning",  # hypothesis is warm
)  # fmt: skip


def warm() -> None:
    """Import what the tests need, as far as it is installed; nothing of weftnet."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    for name in WARM:
        try:
            importlib.import_module(name)
        except ImportError:
            print(f"without {name}", file=sys.stderr)
    assert "weftnet" not in sys.modules


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Args:
        how: passed, failed (a test did, or collecting it), missing (a test isn't there), crashed, or timeout.
        tests: those that failed.
        seconds: wall time.
        said: the end of its output.
    """

    how: str
    tests: tuple[str, ...]
    seconds: float
    said: str = ""


def outcome(
    tests: Sequence[str], source: Path, processor: float, *, root: Path, record: Path | None = None, every: bool = False
) -> Ended:
    """Run tests in a child.

    Args:
        tests: files or names of tests, as pytest takes them.
        source: the folder that holds the package.
        processor: seconds of processor time the child may take.
        root: the folder the tests' paths start from.
        record: receives a line of JSON for each test: which functions of the package it ran, and its seconds.
        every: go on after a failure.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        result = Path(folder) / "result.json"
        sys.stdout.flush()
        child = os.fork()
        if not child:
            try:
                _child(tests, source, processor, root, record, every, result)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(1)
        status = _waited(child, 60 + 8 * processor)
        seconds = time.monotonic() - began
        if status is None or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)):
            return Ended("timeout", (), seconds)
        if not result.is_file():
            return Ended("crashed", (), seconds, (Path(folder) / "output").read_text(errors="replace")[-1000:])
        code, failed = json.loads(result.read_text(encoding="utf-8"))
        ends = {
            pytest.ExitCode.OK: "passed", pytest.ExitCode.NO_TESTS_COLLECTED: "passed",
            pytest.ExitCode.USAGE_ERROR: "missing",
        }  # fmt: skip
        how = "failed" if failed else ends.get(code)
        return Ended(how or "crashed", tuple(failed), seconds)


def _waited(child: int, seconds: float) -> int | None:
    """The child's status; None if it had to be killed. What it started ends with it."""
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return status
            time.sleep(0.02)
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(child, 0)


def _child(
    tests: Sequence[str], source: Path, processor: float, root: Path, record: Path | None, every: bool, result: Path
) -> None:
    os.setsid()
    limit = int(processor + GRACE)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    os.chdir(root)
    sys.path.insert(0, str(source))
    os.environ |= {"PYTHONPATH": str(source), "TMPDIR": str(result.parent)}
    tempfile.tempdir = None
    output = os.open(result.parent / "output", os.O_RDWR | os.O_CREAT)
    for handle in (0, 1, 2):
        os.dup2(output, handle)
    watch = Watch(source, record)
    code = pytest.main([*OPTIONS, *([] if every else ["-x"]), *tests], plugins=[watch])
    result.write_text(json.dumps([int(code), watch.failed]), encoding="utf-8")
    os._exit(0)


@dataclass(eq=False)
class Watch:
    """A plugin of pytest: which tests fail, and which functions of the package each runs.

    Args:
        source: the folder that holds the package.
        record: receives a line for each test; None watches failures alone.
    """

    source: Path
    record: Path | None
    failed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seen: set[CodeType] = set()
        if self.record is not None:
            self.record.write_text("", encoding="utf-8")
            self._listen(True)

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """What can't be collected has failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that failed, in whatever phase."""
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl
    def pytest_collection_finish(self) -> None:
        """What ran while the test files were imported."""
        self._note("", 0.0)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Run a test, with its fixtures."""
        began = sum(os.times()[:4])
        if self.record is not None:
            self._listen(True)  # a debugger or a tracer of a test may have put itself there
        try:
            return (yield)
        finally:
            self._note(item.nodeid, sum(os.times()[:4]) - began)

    def _listen(self, on: bool) -> None:
        sys.settrace(self._call if on else None)
        threading.settrace(self._call if on else None)  # type: ignore[arg-type]

    def _call(self, frame: FrameType, _event: str, _argument: Any) -> None:
        self.seen.add(frame.f_code)

    def _note(self, test: str, seconds: float) -> None:
        if self.record is None:
            return
        seen, self.seen = self.seen, set()  # this method is traced too
        inside = str(self.source / "weftnet") + "/"
        ran = sorted(
            {f"{code.co_filename.removeprefix(inside)}::{code.co_qualname}" for code in seen
             if code.co_filename.startswith(inside)}
        )  # fmt: skip
        failed = test in self.failed
        with self.record.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"test": test, "seconds": round(seconds, 3), "ran": ran, "failed": failed}) + "\n")
