"""The rows of one request on their way through a version's batcher, in parts of at most a batch."""

from collections.abc import Callable
from functools import partial

from weftnet.errors import DataError
from weftnet.serve.batcher import Question
from weftnet.serve.model import Answers, Rows
from weftnet.serve.repository import Version

Tell = Callable[[Version, Answers | Exception], object]


class Asked:
    """A request that was taken; holds its version until it is over.

    Args:
        version: that answers.
        rows: a list of {column: value}; what is in it is checked with the batch.
        timeout: seconds until it is answered or refused.
        tell: is called once in the event loop: with all answers in their order, or with the fault of the first part
            that has one, the others being withdrawn; it raises nothing.
        light: whether the rows can't take long to read.

    Raises:
        Refusal: the queue has no room for all of the rows, or is closed.
    """

    __slots__ = ("_answers", "_left", "_questions", "_size", "_tell", "_version")

    def __init__(self, version: Version, rows: Rows, timeout: float, tell: Tell, light: bool) -> None:
        batcher = version.batcher
        batcher.room(len(rows))
        version.hold()
        self._version, self._tell, self._size = version, tell, batcher.max_batch
        parts = [rows[start : start + self._size] for start in range(0, len(rows), self._size)]
        self._left = len(parts)
        self._answers: list[Answers] = [[]] * len(parts)
        self._questions: list[Question[Rows, Answers]] = [
            batcher.submit(part, partial(self._told, number), len(part), timeout, light)
            for number, part in enumerate(parts)
        ]

    def withdraw(self) -> None:
        """Nobody waits for it any more. Does nothing once it is over."""
        if self._left:
            self._left = 0
            for question in self._questions:
                self._version.batcher.withdraw(question)
            self._version.release()

    def _told(self, number: int, answer: Answers | Exception) -> None:
        """A part is answered, or can't be."""
        if isinstance(answer, Exception):
            if number and isinstance(answer, DataError):
                answer.where = f"in the rows from {number * self._size}: {answer.where}"
            self.withdraw()
            self._tell(self._version, answer)
            return
        self._answers[number] = answer
        self._left -= 1
        if not self._left:
            self._version.release()
            whole = self._answers
            self._tell(self._version, whole[0] if len(whole) == 1 else [each for part in whole for each in part])
