"""A run behind HTTP while a program goes on: `weftnet serve` in a process of its own."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO

from weftnet.base import html
from weftnet.errors import RunError

#: seconds until it answers, and until it ends
_STARTS, _ENDS = 120.0, 30.0


class Served:
    """A server that answers until `stop`, or until this program ends.

        with fit.serve() as server:
            server.url

    Args:
        process: of the server.
        url: of its page.
        log: what it prints.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, log: IO[bytes]) -> None:
        self.process, self.url, self._log = process, url, log

    @classmethod
    def start(cls, name: str, run: Path, host: str, port: int) -> "Served":
        """Serve a run, and wait until it answers.

        Raises:
            RunError: it does not; with what the server said.
        """
        port = port or _free(host)
        log = TemporaryFile()  # noqa: SIM115  # for as long as the server runs
        command = [sys.executable, "-m", "weftnet", "serve", f"{name}={run}", "--host", host, "--port", str(port)]
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        served = cls(process, f"http://{host}:{port}/", log)
        try:
            served._wait()
        except BaseException:
            served.stop()
            raise
        return served

    def _wait(self) -> None:
        late = time.monotonic() + _STARTS
        while self.process.poll() is None and time.monotonic() < late:
            try:
                urllib.request.urlopen(self.url + "health/ready", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        self._log.seek(0)
        said = self._log.read().decode("utf-8", "replace").strip()
        raise RunError("the server does not answer", where=self.url, got=said[-500:])

    def stop(self) -> None:
        """Answer what was asked, and end."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_ENDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._log.close()

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def __del__(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    def __repr__(self) -> str:
        return f"serving at {self.url}" if self.process.poll() is None else "stopped"

    def _repr_html_(self) -> str:
        if self.process.poll() is not None:
            return html.shown(html.line("stopped"))
        return html.shown(f"<p>serving at <a href='{self.url}' target=_blank>{self.url}</a></p>")


def _free(host: str) -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])
