"""Settings of a server: where it listens, and its limits."""

from dataclasses import dataclass
from pathlib import Path

from weftnet.base.threads import THREADS, are_threads
from weftnet.errors import SettingError, meant
from weftnet.serve.engines import ENGINES

#: the preferred of the engines that can run a folder
AUTO = "auto"


@dataclass(frozen=True)
class Options:
    """Settings of a server.

    Args:
        host: address to listen on.
        port: 0 for any free one.
        allowed_hosts: further names under which it may be asked, such as a proxy's; see `hosts.py`.
        keys: file of API keys, one a line; without it no key is needed.
        max_batch: rows computed together.
        max_wait: seconds a row waits for others while the worker is idle.
        queue: rows that may wait for one model, and the rows of one request.
        max_body: bytes of a request's body.
        timeout: seconds until a request is answered or refused.
        grace: seconds to finish accepted requests when the server stops.
        engine: an entry of ENGINES, or "auto": the preferred one of those that can run a folder.
        threads: of one model's worker.
        poll: seconds between two looks for new versions.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ()
    keys: Path | None = None
    max_batch: int = 16
    max_wait: float = 0.002
    queue: int = 256
    max_body: int = 10_000_000
    timeout: float = 10.0
    grace: float = 20.0
    engine: str = AUTO
    threads: int = 1
    poll: float = 1.0

    def __post_init__(self) -> None:
        for name in ("max_batch", "queue", "max_body", "timeout", "poll"):
            if getattr(self, name) <= 0:
                raise SettingError("must be above 0", where=name, got=str(getattr(self, name)))
        for name in ("max_wait", "grace"):
            if getattr(self, name) < 0:
                raise SettingError("must be at least 0", where=name, got=str(getattr(self, name)))
        if not are_threads(self.threads):
            raise SettingError("can't be used", where="threads", expected=THREADS, got=str(self.threads))
        if self.engine != AUTO and self.engine not in ENGINES:
            expected = ", ".join((AUTO, *ENGINES))
            fix = meant(self.engine, (AUTO, *ENGINES))
            raise SettingError("unknown engine", where="engine", expected=expected, got=self.engine, fix=fix)
        if not 0 <= self.port <= 65535:
            raise SettingError("is not a port", where="port", expected="0 … 65535", got=str(self.port))
