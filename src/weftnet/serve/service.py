"""What every API of the server shares: rows go in, answers come out, within the limits."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from weftnet.errors import DataError
from weftnet.serve.batcher import Question
from weftnet.serve.body import Gone, Receive
from weftnet.serve.explaining import Explainer
from weftnet.serve.keys import Keys
from weftnet.serve.metrics import Metrics
from weftnet.serve.model import Answers, Asked
from weftnet.serve.options import Options
from weftnet.serve.refusal import Refusal
from weftnet.serve.repository import Repository, Version
from weftnet.tasks._inference import NO_OPTIONS, check_options, tells
from weftnet.tasks._inference import Options as QuestionOptions

#: seconds an answer may take before the server watches whether its client hangs up
PATIENCE = 0.05
#: bytes of a body that is certain to be read quickly, even if it holds an image that is larger than it looks
LIGHT = 16_384

Questions = list[Question[Asked, Answers]]


@dataclass
class Service:
    """The parts of a running server.

    Args:
        options: its limits.
        repository: its models.
        metrics: its counters.
        keys: of the clients it answers.
        explainer: of answers.
        stopping: whether the server is stopping.
    """

    options: Options
    repository: Repository
    metrics: Metrics
    keys: Keys
    explainer: Explainer = field(default_factory=Explainer)
    stopping: bool = False

    async def answers(
        self, rows: Any, size: int, receive: Receive, name: str, version: str | None = None, options: Any = None
    ) -> tuple[Version, Answers]:
        """The answers to the rows of a request, and the version that gave them.

        Args:
            rows: a list of {column: value}; their values are checked when their batch is computed.
            size: bytes of the request's body.
            receive: of the request; tells when the client hangs up.
            name: of the model.
            version: of the model; the highest if left out.
            options: of the question, {name: value}; none if left out.

        Raises:
            UnknownName, Refusal: the request is not accepted, or not answered in time.
            DataError: a row can't be used, and the other rows are withdrawn; or there are no such options.
            Gone: the client hung up; nothing is computed for it any more.
        """
        self._check(rows)
        with self.repository.lease(name, version) as leased:
            batcher, most = leased.batcher, leased.batcher.max_batch
            batcher.check_room(len(rows))
            asked = _options(leased, options)
            groups = [Asked(rows[start : start + most], asked) for start in range(0, len(rows), most)]
            questions = [batcher.submit(each, len(each.rows), self.options.timeout, size <= LIGHT) for each in groups]
            watch = _Watch(receive, questions)
            try:
                return leased, await _all(questions, most)
            finally:
                watch.stop()
                for question in questions:
                    batcher.withdraw(question)

    async def pieces(
        self, rows: Any, name: str, version: str | None = None, options: Any = None
    ) -> AsyncGenerator[str | tuple[Version, Answers], None]:
        """The answer to a row while it is computed: pieces of text, then the version that gave it, and all of it.

        Args:
            rows: a list of one {column: value}.
            name: of the model.
            version: of the model; the highest if left out.
            options: of the question, {name: value}; none if left out.

        Raises:
            UnknownName, Refusal: as of `answers`; or there are several rows, or this model's answers have no pieces.
            DataError: the row or an option can't be used.
        """
        self._check(rows)
        loop, told, gone = asyncio.get_running_loop(), asyncio.Queue[str | None](), threading.Event()

        def tell(text: str) -> None:
            if gone.is_set():
                raise Refusal(499, "the client hung up")
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(told.put_nowait, text)

        with self.repository.lease(name, version) as leased:
            if len(rows) != 1:
                raise Refusal(422, "several rows have no stream", where="rows", expected="one row", got=str(len(rows)))
            if not tells(leased.model.task.name):
                raise Refusal(422, "this model's answers come whole", where="stream", fix="leave stream out")
            asked = Asked(rows, _options(leased, options), tell)
            question = leased.batcher.submit(asked, 1, self.options.timeout, light=False)
            question.answer.add_done_callback(lambda _: told.put_nowait(None))
            try:
                while (text := await told.get()) is not None:
                    yield text
                answers = await question.answer
                yield leased, answers
            finally:
                gone.set()
                leased.batcher.withdraw(question)

    def _check(self, rows: Any) -> None:
        """Refuse what can't be a list of rows, or is too long to be accepted.

        Raises:
            Refusal: 422.
        """
        if not isinstance(rows, list) or not rows:
            got = "an empty list" if rows == [] else type(rows).__name__
            raise Refusal(422, "there are no rows", where="rows", expected="a list of {column: value}", got=got)
        if len(rows) > self.options.queue:
            expected = f"at most {self.options.queue} rows in a request"
            raise Refusal(422, "too many rows", expected=expected, got=f"{len(rows)} rows", fix="send several requests")


def _options(version: Version, options: Any) -> QuestionOptions:
    """The options of a question, which its model takes.

    Raises:
        Refusal: 422, it is no mapping.
        DataError: there are no such options.
    """
    if options is None:
        return NO_OPTIONS
    if not isinstance(options, dict):
        raise Refusal(
            422, "the options are no object", where="options", expected="{name: value}", got=type(options).__name__
        )
    check_options(version.model.task.name, options)
    return options


async def _all(questions: Questions, size: int) -> Answers:
    """The answers to the questions of one request, of `size` rows each, as one list; or the first error."""
    if len(questions) == 1:
        return await questions[0].answer
    try:
        groups = await asyncio.gather(*(question.answer for question in questions))
    except DataError as error:
        number = next(number for number, each in enumerate(questions) if _failed_by(each, error))
        if number:
            error.where = f"in the rows from {number * size}: {error.where}"
        raise
    return [answer for answers in groups for answer in answers]


def _failed_by(question: Question[Asked, Answers], error: Exception) -> bool:
    future = question.answer
    return future.done() and not future.cancelled() and future.exception() is error


class _Watch:
    """Fails the questions of a request with `Gone` when their client hangs up.

    It starts after `PATIENCE`: most questions are answered by then, and a task for each would cost more.
    """

    def __init__(self, receive: Receive, questions: Questions) -> None:
        self._receive, self._questions = receive, questions
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._start)

    def stop(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        for question in self._questions:
            question.settle(Gone())
