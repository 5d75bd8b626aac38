"""What every API of the server shares: questions go in, answers come out, within the limits."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from netloom.errors import DataError
from netloom.serve.body import Gone, Receive
from netloom.serve.explaining import Explainer
from netloom.serve.keys import Keys
from netloom.serve.metrics import Metrics
from netloom.serve.model import Answers
from netloom.serve.options import Options
from netloom.serve.refusal import Refusal
from netloom.serve.repository import Repository, Version

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

    async def answers(
        self, rows: Any, receive: Receive, name: str, version: str | None = None
    ) -> tuple[Version, Answers]:
        """The version that answered, and an answer for each row.

        Args:
            rows: a list of {column: value}; what is in it is checked with the batch.
            receive: of the request; its end means that the client hung up.
            name: of the model.
            version: of the model; the highest if left out.

        Raises:
            UnknownName, Refusal, DataError: see there.
            Gone: the client hung up; nothing works for it any more.
        """
        self.check(rows)
        with self.repository.lease(name, version) as found:
            found.batcher.room(len(rows))
            size = self.options.max_batch
            parts = [rows[start : start + size] for start in range(0, len(rows), size)]
            asked = [found.batcher.submit(part, len(part), self.options.timeout) for part in parts]
            return found, await _unless_gone(asked, receive, size)

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


async def _unless_gone(asked: Sequence["asyncio.Future[Answers]"], receive: Receive, size: int) -> Answers:
    """The answers of all parts, in order; all are withdrawn if the client hangs up or one of them fails.

    The client is watched from `PATIENCE` on: most answers are there before, and a task for each would cost more.
    """
    watchers: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    timer = loop.call_later(PATIENCE, lambda: watchers.append(loop.create_task(_hung_up(receive, asked))))
    try:
        if len(asked) == 1:
            return await asked[0]
        return [answer for part in await asyncio.gather(*asked) for answer in part]
    except asyncio.CancelledError:
        if any(watcher.done() and not watcher.cancelled() for watcher in watchers):
            raise Gone from None
        raise
    except DataError as error:
        failed = next(number for number, part in enumerate(asked) if part.done() and part.exception() is error)
        if failed:
            error.where = f"in the rows from {failed * size}: {error.where}"
        raise
    finally:
        timer.cancel()
        for watcher in watchers:
            watcher.cancel()
        for part in asked:
            part.cancel()


async def _hung_up(receive: Receive, asked: Sequence["asyncio.Future[Answers]"]) -> None:
    """Withdraw what was asked when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    for part in asked:
        part.cancel()


def document(found: Version, answers: Answers) -> dict[str, Any]:
    """Answers as they are sent."""
    return {"model": found.name, "version": found.version, "answers": answers}
