"""What every API of the server shares: questions go in, answers come out, within the limits."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from weftnet.serve.asked import Asked, Tell
from weftnet.serve.body import Gone, Receive
from weftnet.serve.explaining import Explainer
from weftnet.serve.keys import Keys
from weftnet.serve.metrics import Metrics
from weftnet.serve.model import Answers
from weftnet.serve.options import Options
from weftnet.serve.refusal import Refusal
from weftnet.serve.repository import Repository, Version

#: seconds an answer may take before its client is watched
PATIENCE = 0.05


@dataclass
class Service:
    """The parts of a running server.

    Args:
        options: its limits.
        repository: its models.
        metrics: its counters.
        keys: who may ask.
        explainer: of answers.
        stopping: whether it has been told to stop.
    """

    options: Options
    repository: Repository
    metrics: Metrics
    keys: Keys
    explainer: Explainer = field(default_factory=Explainer)
    stopping: bool = False

    def ask(self, rows: Any, tell: Tell, name: str, version: str | None = None, *, light: bool = False) -> Asked:
        """Take the rows of a request.

        Args:
            rows: a list of {column: value}; what is in it is checked with the batch.
            tell: is called once with the version that answered, and an answer for each row or what is wrong with them.
            name: of the model.
            version: of the model; the highest if left out.
            light: whether the rows can't take long to read.

        Raises:
            UnknownName, Refusal: see there.
        """
        self.check(rows)
        return Asked(self.repository.find(name, version), rows, self.options.timeout, tell, light)

    async def answers(
        self, rows: Any, receive: Receive, name: str, version: str | None = None
    ) -> tuple[Version, Answers]:
        """As `ask`, to be waited for.

        Args:
            receive: of the request; its end means that the client hung up.

        Raises:
            UnknownName, Refusal, DataError: see there.
            Gone: the client hung up; nothing works for it any more.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Future[tuple[Version, Answers]] = loop.create_future()
        asked = self.ask(rows, partial(_settle, told), name, version)
        watchers: list[asyncio.Task[None]] = []
        watch = loop.call_later(PATIENCE, lambda: watchers.append(loop.create_task(_hung_up(receive, told))))
        try:
            return await told
        finally:
            watch.cancel()
            for watcher in watchers:
                watcher.cancel()
            asked.withdraw()

    def check(self, rows: Any) -> None:
        """Refuse what can't be a list of rows, or is too long to be taken.

        Raises:
            Refusal: 422.
        """
        if not isinstance(rows, list) or not rows:
            got = "an empty list" if rows == [] else type(rows).__name__
            raise Refusal(422, "there are no rows", where="rows", expected="a list of {column: value}", got=got)
        if len(rows) > self.options.queue:
            expected = f"at most {self.options.queue} rows in a request"
            raise Refusal(422, "too many rows", expected=expected, got=f"{len(rows)} rows", fix="send several requests")


def _settle(told: "asyncio.Future[tuple[Version, Answers]]", version: Version, answers: Answers | Exception) -> None:
    if told.done():  # the client hung up in this very moment
        return
    if isinstance(answers, Exception):
        told.set_exception(answers)
    else:
        told.set_result((version, answers))


async def _hung_up(receive: Receive, told: "asyncio.Future[tuple[Version, Answers]]") -> None:
    """Give up waiting when the client is gone.

    It is watched from `PATIENCE` on: most answers are there before, and a task for each would cost more.
    """
    while (await receive())["type"] != "http.disconnect":
        pass
    if not told.done():
        told.set_exception(Gone())
